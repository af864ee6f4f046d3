import { decodeWith } from '#protocol/decode.ts';
import { type JobId, LeaseId } from '#protocol/ids.ts';
import { refusal } from '#protocol/refusal.ts';
import { mayReadUnits } from '../../core/hub.ts';
import type { ShardOutputs } from '../store/port.ts';
import { answerBody, answerRefusal } from './answer.ts';
import { findJob } from './jobs.ts';
import type { ApiPorts, Call, Route } from './route.ts';

/**
 * Output bytes of single units, for whoever executes them again: a verifier, or a job's developer.
 * With `?lease=` a verifier also has those of a shard that is void by now: a later mismatch of its
 * device has a distance.
 */
export const outputRoutes = (ports: ApiPorts): Route[] => [
  {
    method: 'GET',
    path: '/v1/outputs/:job/:unit',
    caller: 'verifier',
    answer: (call) => readOutputs(ports, call),
  },
  {
    method: 'GET',
    path: '/v1/jobs/:job/outputs/:unit',
    caller: 'developer',
    answer: (call) => readReleased(ports, call),
  },
];

const decodeUnit = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : -1);

/** A developer reads what the job's assurance lets him read of its results, and no more. */
async function readReleased(ports: ApiPorts, call: Call): Promise<Response> {
  const job = findJob(ports, call);
  if (!job.ok) return answerRefusal(job.refusal);
  const first = decodeUnit(call.param('unit'));
  if (mayReadUnits(ports.hub, job.value.id, { first, end: first + 1 })) {
    return readOutputs(ports, call);
  }
  const message = `unit ${first} is not final yet; wait for later work of its device, for a second device, or for the audit at the job's end`;
  return answerRefusal(refusal('results-held', message));
}

async function readOutputs(ports: ApiPorts, call: Call): Promise<Response> {
  const job = findJob(ports, call);
  if (!job.ok) return answerRefusal(job.refusal);
  const text = call.param('unit');
  const unit = decodeUnit(text);
  const lease = call.query.get('lease');
  const found = await findOutputs(ports, { job: job.value.id, unit, lease });
  if (found === undefined) {
    const message = `unit ${text} of ${job.value.id} is not accepted, or not any more`;
    return answerRefusal(refusal('not-found', message));
  }
  const { shard, outputs } = found;
  const length = outputs.length / shard.unitCount;
  const offset = (unit - shard.firstUnit) * length;
  const body = new Uint8Array(outputs.subarray(offset, offset + length));
  return answerBody(body, { 'Content-Type': 'application/octet-stream' });
}

async function findOutputs(
  { store }: ApiPorts,
  asked: { job: JobId; unit: number; lease: string | null },
): Promise<ShardOutputs | undefined> {
  const { job, unit } = asked;
  if (unit < 0) return undefined;
  if (asked.lease === null) return (await store.results(job, unit, unit + 1))[0];
  const lease = decodeWith(LeaseId, asked.lease);
  const found = lease.ok ? await store.delivered(lease.value) : undefined;
  if (found === undefined || found.shard.job !== job) return undefined;
  const { firstUnit, unitCount } = found.shard;
  return unit >= firstUnit && unit < firstUnit + unitCount ? found : undefined;
}
