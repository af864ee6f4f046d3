import { ResultExport } from '#protocol/api/api.ts';
import { reject } from '../answer.ts';
import { json } from '../describe.ts';
import { findJob } from '../job-access.ts';
import { type ApiPorts, type Route, reader } from '../route.ts';

/** How it went to put results of a job where its poster wants them. */
export function exportRoutes(ports: Pick<ApiPorts, 'hub' | 'store'>): Route[] {
  const description = {
    does: 'Says how it went to put the results of a job to its resultsUrl, with each attempt.',
    answers: { 200: json({ ResultExport }) },
  };
  return [
    reader('GET /v1/jobs/:job/export', description, async (call): Promise<ResultExport> => {
      const { record } = await findJob(ports, call);
      const found = await ports.store.exports.find(record.id);
      if (found === undefined) {
        return reject('not-found', 'this job was posted without a resultsUrl');
      }
      const { job, state, nextAt, attempts } = found;
      return { job, state, attempts, ...(nextAt === undefined ? {} : { nextAt }) };
    }),
  ];
}
