import { UnitFingerprint } from '#protocol/api/api.ts';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { LeaseId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { type Job, mayRead, unitPart } from '../../../core/hub.ts';
import type { ShardOutputs } from '../../store/port.ts';
import { answerBody, reject } from '../answer.ts';
import { json, raw, word } from '../describe.ts';
import { findKept } from '../job-access.ts';
import { type ApiPorts, type Call, type Route, reader, verifier } from '../route.ts';

const lease = word('The lease of the shard that is meant, void or not.');
const BYTES = { 200: raw() };
const FINGERPRINT = { 200: json({ UnitFingerprint }) };

/**
 * Output bytes of single units, for whoever executes them again: a verifier, or a job's developer.
 * With `?lease=` a verifier also has those of a shard that is void by now: a later mismatch of its
 * device has a distance. Where the package has taps, the fingerprint of a unit is read likewise.
 */
export const outputRoutes = (ports: ApiPorts): Route[] => [
  verifier(
    'GET /v1/outputs/:job/:unit',
    { does: 'Reads the output bytes of an accepted unit.', query: { lease }, answers: BYTES },
    (call) => readOutputs(ports, call),
  ),
  reader(
    'GET /v1/jobs/:job/outputs/:unit',
    {
      does: 'Reads the output bytes of a unit, as soon as its result may be read.',
      query: { lease },
      answers: BYTES,
    },
    (call) => readReleased(ports, call, readOutputs),
  ),
  verifier(
    'GET /v1/fingerprints/:job/:unit',
    { does: 'Reads the fingerprint of an accepted unit.', query: { lease }, answers: FINGERPRINT },
    (call) => readFingerprint(ports, call),
  ),
  reader(
    'GET /v1/jobs/:job/fingerprints/:unit',
    {
      does: 'Reads the fingerprint of a unit, where its job has taps, as soon as its result may be read.',
      query: { lease },
      answers: FINGERPRINT,
    },
    (call) => readReleased(ports, call, readFingerprint),
  ),
];

const decodeUnit = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : -1);

/** A developer reads what the job's assurance lets him read of its results, and no more. */
async function readReleased<T>(
  ports: ApiPorts,
  call: Call,
  read: (ports: ApiPorts, call: Call) => Promise<T>,
): Promise<T> {
  const job = await findKept(ports, call);
  const first = decodeUnit(call.param('unit'));
  if (mayRead(job, first, first + 1)) {
    return read(ports, call);
  }
  const message = `unit ${first} is not final yet; wait for later work of its device, or for the audit at the job's end`;
  return reject('results-held', message);
}

async function readOutputs(ports: ApiPorts, call: Call): Promise<Response> {
  const asked = await readAsked(ports, call);
  const { job, unit } = asked;
  const found = await findOutputs(ports, asked);
  const part = found && unitPart(job, found.shard, { unit, bytes: found.outputs });
  if (part === undefined) {
    const message = `unit ${unit} of ${job.record.id} is not accepted, or not any more`;
    return reject('not-found', message);
  }
  return answerBody(new Uint8Array(part), { 'Content-Type': 'application/octet-stream' });
}

async function readFingerprint(ports: ApiPorts, call: Call): Promise<UnitFingerprint> {
  const asked = await readAsked(ports, call);
  const lease = asked.lease ?? (await findOutputs(ports, asked))?.shard.lease;
  const kept = lease === undefined ? undefined : await ports.store.fingerprints(lease);
  const held = kept !== undefined && holdsUnit(kept.shard, asked);
  const part = held
    ? unitPart(asked.job, kept.shard, { unit: asked.unit, bytes: kept.fingerprints })
    : undefined;
  if (kept === undefined || part === undefined) {
    const message = `unit ${asked.unit} is not accepted, or its job was posted without taps`;
    return reject('not-found', message);
  }
  return {
    log: kept.entry,
    logSignature: kept.logSignature,
    fingerprint: encodeBase64(part),
  };
}

/** A unit of a job, and the lease it came from where only that one will do. */
interface Asked {
  job: Job;
  unit: number;
  lease?: LeaseId;
}

async function readAsked(ports: ApiPorts, call: Call): Promise<Asked> {
  const asked = { job: await findKept(ports, call), unit: decodeUnit(call.param('unit')) };
  const text = call.query.get('lease');
  if (text === null) return asked;
  return { ...asked, lease: must(decodeWith(LeaseId, text, 'not-found')) };
}

async function findOutputs({ store }: ApiPorts, asked: Asked): Promise<ShardOutputs | undefined> {
  const { job, unit, lease } = asked;
  if (lease === undefined)
    return (await store.results(job.record.id, { first: unit, end: unit + 1, beginningAt: 0 }))[0];
  const found = await store.delivered(lease);
  return found !== undefined && holdsUnit(found.shard, asked) ? found : undefined;
}

const holdsUnit = (shard: AcceptedShard, { job, unit }: Asked): boolean =>
  shard.job === job.record.id &&
  unit >= shard.firstUnit &&
  unit < shard.firstUnit + shard.unitCount;
