import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { digest } from '#protocol/bytes/digest.ts';
import { NO_DECOYS } from '#protocol/checks/thresholds.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import type { AcceptedShard, Lease, Verdict } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { LeaseId, Nonce } from '#protocol/values/ids.ts';
import { REFUSAL_CODES } from '#protocol/values/refusal.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { openTestHub } from '../test-hub.ts';
import { deliver, type FakeClient, makeFakeKey, openFakeSession } from './fake-client.ts';
import { fakeModel, openFakeDevice } from './fake-job.ts';

/** One item of three f32 a unit. */
const UNIT_BYTES = 12;
const UNITS = 3_000;
const MESSAGES = 3_000;
/** Of the unanswered; a hub that falls behind is not what is tried here. */
const AHEAD_MAX = 200;
const SEED = 11;

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));
let job: JobView;
let verifier: Awaited<ReturnType<typeof openFakeSession>>;
const outputsOf = ({ firstUnit, unitCount }: Pick<Lease, 'firstUnit' | 'unitCount'>) =>
  new Uint8Array(
    Float32Array.from({ length: 3 * unitCount }, (_, at) => 3 * firstUnit + at).buffer,
  );

/** Posts a job of `UNITS` units whose outputs are its inputs, and has it prepared. */
async function postJob(): Promise<JobView> {
  const row = (at: number) => JSON.stringify({ x: [3 * at, 3 * at + 1, 3 * at + 2] });
  const form = new FormData();
  form.append('model', new Blob([fakeModel]), 'net.onnx');
  const lines = Array.from({ length: UNITS }, (_, at) => row(at)).join('\n');
  form.append('inputs', new Blob([lines]), 'rows.jsonl');
  form.append('options', JSON.stringify({ name: 'rows', unitItems: 1, autoStart: true }));
  const headers = { Authorization: `Bearer ${hub.key}` };
  const posted = await fetch(`${hub.url}/v1/jobs`, { method: 'POST', body: form, headers });
  const view = (await posted.json()) as JobView;
  const prepare = await verifier.until('prepare');
  const outputs = prepare.draft.runtime.inputs.map((spec) => ({ ...spec, name: 'y' }));
  const head = { type: 'prepared' as const, job: prepare.job, outputs, units: [0] };
  const cost = { unitMs: millis(1), peakBytes: bytes(1_000_000), decoys: NO_DECOYS };
  verifier.sayFrame({ ...head, ...cost }, outputsOf({ firstUnit: 0, unitCount: 1 }));
  return view;
}

const viewJob = async (): Promise<JobView> => {
  const headers = { Authorization: `Bearer ${hub.key}` };
  return (await (await fetch(`${hub.url}/v1/jobs/${job.id}`, { headers })).json()) as JobView;
};

/** A device gets no more while too much of its work waits for a verifier. */
async function judgeNext(): Promise<void> {
  const { shard } = await verifier.until('check');
  verifier.say({ type: 'judged', through: shard.sequence });
}

/** A contributor that was admitted; its first lease holds two units. */
async function openDevice(): Promise<FakeClient & { lease: Lease }> {
  const device = await openFakeDevice(hub.url, { unitMs: 1_000 });
  return { ...device, lease: (await device.until('lease')).lease };
}

beforeAll(async () => {
  verifier = await openFakeSession(hub.url, 'verifier', verifierKey);
  job = await postJob();
});

const SALT = '5a'.repeat(32) as Nonce;
const edits = fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), {
  minLength: 1,
  maxLength: 4,
});
const spoil = (message: Uint8Array, changes: readonly { at: number; value: number }[]) => {
  const spoiled = new Uint8Array(message);
  for (const { at, value } of changes) spoiled[at % spoiled.length] = value;
  return spoiled;
};

/** The code in what the hub said, from the closed list. */
function codeOf(message: HubMessage): string {
  if (!('code' in message)) throw new Error(`no refusal: ${JSON.stringify(message)}`);
  expect(REFUSAL_CODES).toContain(message.code);
  return message.code;
}

describe('a hub with a hostile socket', () => {
  it(`turns down ${MESSAGES} spoiled results (seed ${SEED}) while an honest device works on`, async () => {
    const honest = await openDevice();
    const liar = await openDevice();
    // Nothing was committed to: even a reveal that came through whole is out of order.
    const head = {
      type: 'reveal' as const,
      reveal: { lease: liar.lease.id, salt: SALT, computeMs: millis(1) },
    };
    const reveal = encodeFrame(head, outputsOf(liar.lease));
    const commitment = digest(reveal);
    const said = {
      lease: liar.lease.id,
      commitment,
      signature: liar.sign('hello', { commitment }),
    };
    const text = new TextEncoder().encode(JSON.stringify({ type: 'commit', ...said }));
    const samples = fc.sample(fc.record({ edits, binary: fc.boolean() }), {
      seed: SEED,
      numRuns: MESSAGES,
    });
    const codes = new Map<string, number>();
    let { lease } = honest;
    let units = 0;
    for (let start = 0; start < MESSAGES; start += AHEAD_MAX) {
      const batch = samples.slice(start, start + AHEAD_MAX);
      for (const { edits: changes, binary } of batch) {
        if (binary) liar.socket.send(spoil(reveal, changes));
        else liar.socket.send(new TextDecoder().decode(spoil(text, changes)));
      }
      units += (await deliver(honest, lease, outputsOf(lease))).units;
      await judgeNext();
      honest.say({ type: 'request' });
      ({ lease } = await honest.until('lease'));
      for (const _ of batch) {
        const code = codeOf(await liar.next());
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    expect([...codes.values()].reduce((sum, times) => sum + times, 0)).toBe(MESSAGES);
    expect(codes.get('message-malformed')).toBeGreaterThan(MESSAGES / 4);
    expect(codes.get('commitment-missing')).toBeGreaterThan(0);
    expect(codes.get('signature-wrong')).toBeGreaterThan(0);
    expect(await viewJob()).toMatchObject({ state: 'running', accepted: units, mismatched: 0 });
    expect([hub.counters.stepErrors, hub.counters.diskTrouble]).toEqual([0, 0]);
    // The liar itself may still deliver what is right.
    expect((await deliver(liar, liar.lease, outputsOf(liar.lease))).units).toBe(
      liar.lease.unitCount,
    );
    honest.socket.close();
    liar.socket.close();
  });

  it('checks real signatures: another key, another lease, another context', async () => {
    const [device, other] = [await openDevice(), makeFakeKey()];
    const lease = device.lease.id;
    const commitment = digest(outputsOf(device.lease));
    const record = { lease, device: device.key, commitment };
    const none = 'ab'.repeat(16) as LeaseId;
    for (const signature of [
      other.sign('commitment', record),
      device.sign('commitment', { ...record, lease: none }),
      device.sign('log-entry', record),
    ]) {
      device.say({ type: 'commit', lease, commitment, signature });
      expect(codeOf(await device.next())).toBe('signature-wrong');
    }
    device.socket.close();
  });
});

describe('a void shard', () => {
  it('can still be read by a verifier that names its lease, and by nobody else', async () => {
    const liar = await openDevice();
    const { lease } = liar;
    const wrong = outputsOf({ ...lease, firstUnit: lease.firstUnit + 1 });
    await deliver(liar, lease, wrong);
    const shard = await shardOf(lease.id);
    const verdict = mismatchOn(shard, wrong);
    verifier.say({
      type: 'verdict',
      signed: { verdict, signature: verifier.sign('verdict', verdict) },
    });
    expect(codeOf(await liar.until('refused'))).toBe('device-banned');
    const ask = (unit: number, query: string, ticket = verifier.welcome.ticket) =>
      fetch(`${hub.url}/v1/outputs/${job.id}/${unit}${query}`, {
        headers: { Authorization: `Bearer ${ticket}` },
      });
    const second = shard.firstUnit + 1;
    expect((await ask(second, '')).status).toBe(404);
    const claim = await ask(second, `?lease=${lease.id}`);
    const claimed = new Uint8Array(await claim.arrayBuffer());
    expect(claimed).toEqual(wrong.slice(UNIT_BYTES, 2 * UNIT_BYTES));
    expect((await ask(shard.firstUnit + shard.unitCount, `?lease=${lease.id}`)).status).toBe(404);
    expect((await ask(second, '?lease=nonsense')).status).toBe(404);
    expect((await ask(second, `?lease=${lease.id}`, 'a stranger')).status).toBe(401);
  });
});

async function shardOf(lease: LeaseId): Promise<AcceptedShard> {
  for (;;) {
    const { shard } = await verifier.until('check');
    if (shard.lease === lease) return shard;
  }
}

/** A confirmed mismatch about the first unit of a shard. */
function mismatchOn(shard: AcceptedShard, outputs: Uint8Array): Verdict {
  const unit = shard.firstUnit;
  const claimed = digest(outputs.subarray(0, UNIT_BYTES));
  const reference = digest(outputsOf({ firstUnit: unit, unitCount: 1 }));
  const changes = { kind: 'mismatch', reference, l2: 1, max: 1, runs: 2 } as const;
  return sampleVerdict({ verifier: verifier.key, shard, unit, claimed }, changes);
}
