import { refusal } from '#protocol/refusal.ts';
import { answerBody, answerRefusal } from './answer.ts';
import { findJob } from './jobs.ts';
import type { ApiPorts, Call, Route } from './route.ts';

/** Output bytes of single units, for verifiers that judge by distance and not by digest. */
export const outputRoutes = (ports: ApiPorts): Route[] => [
  {
    method: 'GET',
    path: '/v1/outputs/:job/:unit',
    caller: 'verifier',
    answer: (call) => readOutputs(ports, call),
  },
];

async function readOutputs(ports: ApiPorts, call: Call): Promise<Response> {
  const job = findJob(ports, call);
  if (!job.ok) return answerRefusal(job.refusal);
  const text = call.param('unit');
  const unit = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  const [found] = unit < 0 ? [] : await ports.store.results(job.value.id, unit, unit + 1);
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
