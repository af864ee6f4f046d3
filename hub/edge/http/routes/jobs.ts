import type { JobPage } from '#protocol/api/api.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { must } from '#protocol/values/refusal.ts';
import { viewJob } from '../../../core/hub.ts';
import { reject } from '../answer.ts';
import { findJob, readJob } from '../job-access.ts';
import { readCount, readNumber } from '../query.ts';
import { type ApiPorts, type Call, type KeyCall, type Route, reader, writer } from '../route.ts';
import { openEventStreams } from './events.ts';
import { readReceipts } from './receipts.ts';

/** Jobs of one page. */
const JOBS_MAX = 100;

/** Jobs as they stand, and what moves them on. Making one is in `create.ts`. */
export function jobRoutes(ports: ApiPorts): Route[] {
  const stream = openEventStreams(ports);
  return [
    reader('GET /v1/jobs', (call) => listJobs(ports, call)),
    reader('GET /v1/jobs/:job', async (call) => viewJob(ports.hub, await findJob(ports, call))),
    reader('GET /v1/jobs/:job/events', async (call) => stream(await findJob(ports, call), call)),
    writer('POST /v1/jobs/:job/start', (call) => move(ports, call, 'start')),
    writer('POST /v1/jobs/:job/cancel', (call) => move(ports, call, 'cancel')),
    writer('DELETE /v1/jobs/:job/data', (call) => removeData(ports, call)),
    reader(
      'GET /v1/jobs/:job/receipts',
      async (call) => readReceipts(ports, call, (await findJob(ports, call)).record.id),
      20,
    ),
    reader('GET /v1/jobs/:job/package', (call) => readPackage(ports, call)),
  ];
}

/** The newest jobs, or those posted before one of them. */
async function listJobs({ hub, store }: ApiPorts, { query, key }: KeyCall): Promise<JobPage> {
  const before = readNumber(query, 'before', Number.MAX_SAFE_INTEGER);
  const limit = readCount(query, 'limit', { otherwise: JOBS_MAX, most: JOBS_MAX });
  const owners = [key.id, ...(await store.keys.ownersFor(key.id))];
  const found = await store.jobs(before, limit, key.role === 'operator' ? undefined : owners);
  const jobs = await Promise.all(found.map(({ id }) => readJob({ hub, store }, id)));
  return {
    jobs: jobs.flatMap((job) => (job === undefined ? [] : [viewJob(hub, job)])),
    ...(found.length < limit ? {} : { next: found.at(-1)?.number ?? 0 }),
  };
}

async function move(ports: ApiPorts, call: Call, type: 'start' | 'cancel') {
  const { record, state } = await findJob(ports, call);
  if (ports.hub.jobs.has(record.id)) {
    return must(await ports.loop.command({ type, job: record.id }));
  }
  return reject('job-state', `this job ended some time ago, as "${state}"; post it again`);
}

async function removeData(ports: ApiPorts, call: Call): Promise<JobView> {
  const { record, removedAt } = await findJob(ports, call);
  if (removedAt === undefined) {
    must(await ports.loop.command({ type: 'remove-data', job: record.id }));
  }
  return viewJob(ports.hub, await findJob(ports, call));
}

async function readPackage(ports: ApiPorts, call: Call): Promise<PackageManifest> {
  const { manifest } = await findJob(ports, call);
  if (manifest !== undefined) return manifest;
  const message = 'a verifier has not run the model yet; the package is whole after that';
  return reject('job-state', message);
}
