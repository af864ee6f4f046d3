import type { UnitFingerprint } from '#protocol/api/api.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { type JobId, LeaseId } from '#protocol/values/ids.ts';
import { accept, type Result, refusal } from '#protocol/values/refusal.ts';
import { mayReadUnits } from '../../../core/hub.ts';
import type { ShardOutputs } from '../../store/port.ts';
import { answerBody, answerJson, answerRefusal } from '../answer.ts';
import type { ApiPorts, Call, Route } from '../route.ts';
import { findJob } from './jobs.ts';

/**
 * Output bytes of single units, for whoever executes them again: a verifier, or a job's developer.
 * With `?lease=` a verifier also has those of a shard that is void by now: a later mismatch of its
 * device has a distance. Where the package has taps, the fingerprint of a unit is read likewise.
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
    answer: (call) => readReleased(ports, call, readOutputs),
  },
  {
    method: 'GET',
    path: '/v1/fingerprints/:job/:unit',
    caller: 'verifier',
    answer: (call) => readFingerprint(ports, call),
  },
  {
    method: 'GET',
    path: '/v1/jobs/:job/fingerprints/:unit',
    caller: 'developer',
    answer: (call) => readReleased(ports, call, readFingerprint),
  },
];

const decodeUnit = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : -1);

/** A developer reads what the job's assurance lets him read of its results, and no more. */
async function readReleased(
  ports: ApiPorts,
  call: Call,
  read: (ports: ApiPorts, call: Call) => Promise<Response>,
): Promise<Response> {
  const job = findJob(ports, call);
  if (!job.ok) return answerRefusal(job.refusal);
  const first = decodeUnit(call.param('unit'));
  if (mayReadUnits(ports.hub, job.value.id, { first, end: first + 1 })) {
    return read(ports, call);
  }
  const message = `unit ${first} is not final yet; wait for later work of its device, or for the audit at the job's end`;
  return answerRefusal(refusal('results-held', message));
}

async function readOutputs(ports: ApiPorts, call: Call): Promise<Response> {
  const asked = readAsked(ports, call);
  if (!asked.ok) return answerRefusal(asked.refusal);
  const { job, unit } = asked.value;
  const found = await findOutputs(ports, asked.value);
  if (found === undefined) {
    const message = `unit ${unit} of ${job} is not accepted, or not any more`;
    return answerRefusal(refusal('not-found', message));
  }
  const body = new Uint8Array(unitPart(found.shard, found.outputs, unit));
  return answerBody(body, { 'Content-Type': 'application/octet-stream' });
}

async function readFingerprint(ports: ApiPorts, call: Call): Promise<Response> {
  const asked = readAsked(ports, call);
  if (!asked.ok) return answerRefusal(asked.refusal);
  const { unit } = asked.value;
  const lease = asked.value.lease ?? (await findOutputs(ports, asked.value))?.shard.lease;
  const kept = lease === undefined ? undefined : await ports.store.fingerprints(lease);
  if (kept === undefined || !holdsUnit(kept.shard, asked.value)) {
    const message = `unit ${unit} is not accepted, or its job was posted without taps`;
    return answerRefusal(refusal('not-found', message));
  }
  return answerJson({
    log: kept.entry,
    logSignature: kept.logSignature,
    fingerprint: encodeBase64(unitPart(kept.shard, kept.fingerprints, unit)),
  } satisfies UnitFingerprint);
}

function unitPart(shard: AcceptedShard, bytes: Uint8Array, unit: number): Uint8Array {
  const length = bytes.length / shard.unitCount;
  const offset = (unit - shard.firstUnit) * length;
  return bytes.subarray(offset, offset + length);
}

/** A unit of a job, and the lease it came from where only that one will do. */
interface Asked {
  job: JobId;
  unit: number;
  lease?: LeaseId;
}

function readAsked(ports: ApiPorts, call: Call): Result<Asked> {
  const job = findJob(ports, call);
  if (!job.ok) return job;
  const asked = { job: job.value.id, unit: decodeUnit(call.param('unit')) };
  const text = call.query.get('lease');
  if (text === null) return accept(asked);
  const lease = decodeWith(LeaseId, text, 'not-found');
  return lease.ok ? accept({ ...asked, lease: lease.value }) : lease;
}

async function findOutputs({ store }: ApiPorts, asked: Asked): Promise<ShardOutputs | undefined> {
  const { job, unit, lease } = asked;
  if (lease === undefined) return (await store.results(job, unit, unit + 1))[0];
  const found = await store.delivered(lease);
  return found !== undefined && holdsUnit(found.shard, asked) ? found : undefined;
}

const holdsUnit = (shard: AcceptedShard, { job, unit }: Asked): boolean =>
  shard.job === job && unit >= shard.firstUnit && unit < shard.firstUnit + shard.unitCount;
