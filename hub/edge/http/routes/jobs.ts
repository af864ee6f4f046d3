import type { JobView } from '#protocol/api/job.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { listJobs, packageOf, viewJob } from '../../../core/hub.ts';
import { reject } from '../answer.ts';
import { type ApiPorts, type Call, developer, type Route } from '../route.ts';
import { openEventStreams } from './events.ts';
import { readReceipts } from './receipts.ts';

/** Jobs as they stand, and what moves them on. Making one is in `create.ts`. */
export function jobRoutes(ports: ApiPorts): Route[] {
  const stream = openEventStreams(ports);
  return [
    developer('GET /v1/jobs', () => ({ jobs: listJobs(ports.hub) })),
    developer('GET /v1/jobs/:job', (call) => findJob(ports, call)),
    developer('GET /v1/jobs/:job/events', (call) => stream(findJob(ports, call).id)),
    developer('POST /v1/jobs/:job/start', (call) => move(ports, call, 'start')),
    developer('POST /v1/jobs/:job/cancel', (call) => move(ports, call, 'cancel')),
    developer(
      'GET /v1/jobs/:job/receipts',
      (call) => readReceipts(ports, call, findJob(ports, call)),
      20,
    ),
    developer('GET /v1/jobs/:job/package', (call) => readPackage(ports, call)),
  ];
}

/** The job named in the path. */
export function findJob({ hub }: ApiPorts, { param }: Call): JobView {
  const id = decodeWith(JobId, param('job'), 'job-unknown');
  const job = id.ok ? viewJob(hub, id.value) : undefined;
  if (job !== undefined) return job;
  return reject('job-unknown', `this hub has no job ${param('job')}; GET /v1/jobs lists them`);
}

async function move(ports: ApiPorts, call: Call, type: 'start' | 'cancel') {
  return must(await ports.loop.command({ type, job: findJob(ports, call).id }));
}

function readPackage(ports: ApiPorts, call: Call): PackageManifest {
  const manifest = packageOf(ports.hub, findJob(ports, call).id);
  if (manifest !== undefined) return manifest;
  const message = 'a verifier has not run the model yet; the package is whole after that';
  return reject('job-state', message);
}
