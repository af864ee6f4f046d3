import { JobPage, ReceiptPage } from '#protocol/api/api.ts';
import { JobView } from '#protocol/api/job.ts';
import { PackageManifest } from '#protocol/models/package.ts';
import { must } from '#protocol/values/refusal.ts';
import { viewJob } from '../../../core/hub.ts';
import { reject } from '../answer.ts';
import { count, json, number, pageFields, raw, word } from '../describe.ts';
import { findJob, readJob } from '../job-access.ts';
import { readCount, readNumber } from '../query.ts';
import { type ApiPorts, type Call, type KeyCall, type Route, reader, writer } from '../route.ts';
import { openEventStreams } from './events.ts';
import { RECEIPT_PAGE, readReceipts } from './receipts.ts';

/** Jobs of one page. */
const PAGE = { otherwise: 100, most: 100 };
/** Letters that are looked for in names. */
const NAMED_MAX = 200;
const VIEW = { 200: json({ JobView }) };

/** Jobs as they stand, and what moves them on. Making one is in `create.ts`. */
export function jobRoutes(ports: ApiPorts): Route[] {
  const stream = openEventStreams(ports);
  return [
    reader(
      'GET /v1/jobs',
      {
        does: 'Lists the jobs of this key and those shared with it, the newest first; an operator sees all.',
        query: {
          before: number('The `next` of the page before.'),
          limit: count('How many the page has at most.', PAGE),
          named: word('Only jobs with this in their names.'),
        },
        answers: { 200: json({ JobPage }) },
      },
      (call) => listJobs(ports, call),
    ),
    reader(
      'GET /v1/jobs/:job',
      { does: 'Shows a job, with its quote once it has one.', answers: VIEW },
      async (call) => viewJob(ports.hub, await findJob(ports, call)),
    ),
    reader(
      'GET /v1/jobs/:job/events',
      {
        does: 'Follows a job by server-sent events: `event: job` with a `JobEvent` as its data, at once and on change, at most four a second.',
        answers: { 200: raw('text/event-stream') },
      },
      async (call) => stream(await findJob(ports, call), call),
    ),
    writer(
      'POST /v1/jobs/:job/start',
      { does: 'Starts a job that has its quote.', answers: VIEW },
      (call) => move(ports, call, 'start'),
    ),
    writer(
      'POST /v1/jobs/:job/cancel',
      { does: 'Cancels a job that has not ended.', answers: VIEW },
      (call) => move(ports, call, 'cancel'),
    ),
    writer(
      'DELETE /v1/jobs/:job/data',
      {
        does: 'Removes inputs and results of a job that ended ten minutes ago or earlier, before their time.',
        answers: VIEW,
      },
      (call) => removeData(ports, call),
    ),
    reader(
      'GET /v1/jobs/:job/receipts',
      {
        does: 'Reads receipts by first unit, without those of void shards.',
        query: pageFields('from', RECEIPT_PAGE),
        answers: { 200: json({ ReceiptPage }) },
        cost: 20,
      },
      async (call) => readReceipts(ports, call, (await findJob(ports, call)).record.id),
    ),
    reader(
      'GET /v1/jobs/:job/package',
      {
        does: 'Reads the manifest of the package, once a verifier has run the model.',
        answers: { 200: json({ PackageManifest }) },
      },
      (call) => readPackage(ports, call),
    ),
  ];
}

/** The newest jobs, or those posted before one of them. */
async function listJobs({ hub, store }: ApiPorts, { query, key }: KeyCall): Promise<JobPage> {
  const before = readNumber(query, 'before', Number.MAX_SAFE_INTEGER);
  const limit = readCount(query, 'limit', PAGE);
  const owners =
    key.role === 'operator' ? undefined : [key.id, ...(await store.keys.ownersFor(key.id))];
  const named = query.get('named')?.slice(0, NAMED_MAX) || undefined;
  const found = await store.jobs(before, limit, { owners, named });
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
