import type { JobView } from '#protocol/api/job.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { JobId } from '#protocol/values/ids.ts';
import { accept, type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import { listJobs, packageOf, viewJob } from '../../../core/hub.ts';
import { answerJson, answerRefusal } from '../answer.ts';
import type { ApiPorts, Call, Route } from '../route.ts';
import { openEventStreams } from './events.ts';
import { readReceipts } from './receipts.ts';

/** Jobs as they stand, and what moves them on. Making one is in `create.ts`. */
export function jobRoutes(ports: ApiPorts): Route[] {
  const stream = openEventStreams(ports);
  return [
    {
      method: 'GET',
      path: '/v1/jobs',
      caller: 'developer',
      answer: () => answerJson({ jobs: listJobs(ports.hub) }),
    },
    {
      method: 'GET',
      path: '/v1/jobs/:job',
      caller: 'developer',
      answer: (call) => withJob(ports, call, (job) => answerJson(job)),
    },
    {
      method: 'GET',
      path: '/v1/jobs/:job/events',
      caller: 'developer',
      answer: (call) => withJob(ports, call, (job) => stream(job.id)),
    },
    {
      method: 'POST',
      path: '/v1/jobs/:job/start',
      caller: 'developer',
      answer: (call) => withJob(ports, call, (job) => move(ports, 'start', job.id)),
    },
    {
      method: 'POST',
      path: '/v1/jobs/:job/cancel',
      caller: 'developer',
      answer: (call) => withJob(ports, call, (job) => move(ports, 'cancel', job.id)),
    },
    {
      method: 'GET',
      path: '/v1/jobs/:job/receipts',
      caller: 'developer',
      cost: 20,
      answer: (call) => withJob(ports, call, (job) => readReceipts(ports, call, job)),
    },
    {
      method: 'GET',
      path: '/v1/jobs/:job/package',
      caller: 'developer',
      answer: (call) => withJob(ports, call, (job) => readPackage(ports, job.id)),
    },
  ];
}

/** The job named in the path, if there is such a job. */
export function findJob({ hub }: ApiPorts, { param }: Call): Result<JobView> {
  const id = decodeWith(JobId, param('job'), 'job-unknown');
  const job = id.ok ? viewJob(hub, id.value) : undefined;
  if (job !== undefined) return accept(job);
  return refuse('job-unknown', `this hub has no job ${param('job')}; GET /v1/jobs lists them`);
}

async function withJob(
  ports: ApiPorts,
  call: Call,
  answer: (job: JobView) => Promise<Response> | Response,
): Promise<Response> {
  const job = findJob(ports, call);
  return job.ok ? answer(job.value) : answerRefusal(job.refusal);
}

async function move({ loop }: ApiPorts, type: 'start' | 'cancel', job: JobId): Promise<Response> {
  const result = await loop.command({ type, job });
  return result.ok ? answerJson(result.value) : answerRefusal(result.refusal);
}

function readPackage({ hub }: ApiPorts, job: JobId): Response {
  const manifest = packageOf(hub, job);
  if (manifest !== undefined) return answerJson(manifest satisfies PackageManifest);
  const message = 'a verifier has not run the model yet; the package is whole after that';
  return answerRefusal(refusal('job-state', message));
}
