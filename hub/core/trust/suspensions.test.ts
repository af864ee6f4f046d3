import { beforeEach, expect, test } from 'vitest';
import type { Verdict } from '#protocol/records/records.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { millis } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  commit,
  JOB,
  openBench,
  PHONE,
  quoteJob,
  reveal,
  SIGNED,
  verdictOn,
} from '../fake-world.ts';

const DAY_MS = 24 * 3_600_000;
const BOTH: Provider[] = ['webgpu', 'wasm'];

let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true });
  const nearest = [{ output: 'y', decoy: 'half-weights', l2: 1, max: 1 }];
  quoteJob(bench, 2_000, { decoys: { names: ['half-weights'], units: [0], nearest } });
  beginJob(bench);
});

function join(socket: number, providers: Provider[], key: PublicKey = PHONE): void {
  bench.join(socket, key, 'contributor');
  const device = bench.hub().devices.get(key);
  if (device !== undefined) device.capabilities = { ...device.capabilities, providers };
  bench.say(socket, { type: 'request' });
}

function admit(socket: number, provider: Provider): void {
  const id = bench.last(socket, 'admit')?.id ?? ('' as Digest);
  const fit = { provider, dtype: 'f32' as const, threads: 1, trials: [] };
  bench.say(socket, { type: 'admitted', package: id, ...fit, unitMs: millis(100) });
}

/** Delivers a shard; what the verifier says of it. */
function deliver(socket: number): void {
  const lease = bench.last(socket, 'lease')?.lease;
  if (lease === undefined) throw new Error('nothing was lent');
  commit(bench, socket, { key: PHONE, id: lease.id, units: lease.unitCount });
  reveal(bench, socket, { id: lease.id, units: lease.unitCount });
}

function findUnfit(reason?: Verdict['reason']): void {
  const { verdict } = verdictOn(bench, 'device-unfit');
  const lane = { lane: 'tolerance' as const, reference: '02'.repeat(32) as Digest };
  const said = { ...verdict, ...lane, ...(reason === undefined ? {} : { reason }) };
  bench.say(1, { type: 'verdict', signed: { verdict: said, signature: SIGNED } });
}

/** The phone computes on its GPU and is found unfit. */
function fail(providers: Provider[]): void {
  join(2, providers);
  admit(2, 'webgpu');
  deliver(2);
  findUnfit();
}

const idle = (socket: number) => bench.last(socket, 'idle')?.reason.code;
const admits = (socket: number) =>
  (bench.sent.get(socket) ?? []).filter(({ type }) => type === 'admit').length;

test('a GPU that was found unfit is out for a day, in a new session and after a restart', () => {
  fail(['webgpu']);
  expect(bench.job()).toMatchObject({ accepted: 0 });
  for (const at of [3, 4]) {
    join(at, ['webgpu']);
    expect([admits(at), idle(at)]).toEqual([0, 'providers-suspended']);
    bench.restart();
  }
  bench.join(1, bench.hub().config.hub, 'contributor');
  bench.wait(DAY_MS - 60_000);
  join(5, ['webgpu']);
  expect(admits(5)).toBe(0);
  bench.wait(120_000);
  join(6, ['webgpu']);
  admit(6, 'webgpu');
  expect(bench.last(6, 'lease')).toBeDefined();
});

test('its device goes on without it: it is asked again, and told what not to try', () => {
  fail(BOTH);
  const gpu = verdictOn(bench, 'device-unfit').verdict;
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'admit')?.without).toMatchObject([
    { provider: 'webgpu', reason: { code: 'too-far-off' } },
  ]);
  admit(2, 'wasm');
  deliver(2);
  const { accepted } = bench.job() ?? {};
  expect(accepted).toBeGreaterThan(0);
  bench.say(2, { type: 'request' });
  // What is found out late about the GPU voids and revokes nothing that is computed without it.
  const signed = { verdict: { ...gpu, unit: gpu.unit + 1 }, signature: SIGNED };
  bench.say(1, { type: 'verdict', signed });
  expect(bench.job()).toMatchObject({ accepted, checked: 2 });
  expect(bench.hub().devices.get(PHONE)?.leases.size).toBe(1);
  bench.restart();
  expect(bench.job()?.accepted).toBe(accepted);
  join(3, BOTH);
  expect(bench.last(3, 'admit')?.without).toHaveLength(1);
});

test("a device's own word on its GPU does not count, and one that insists is unfit", () => {
  fail(BOTH);
  bench.sent.delete(2);
  bench.post({ type: 'disconnected', socket: 2 });
  bench.join(3, PHONE, 'contributor');
  const id = bench.hub().jobs.get(JOB)?.packageId ?? ('' as Digest);
  const gpu = { provider: 'webgpu' as const, dtype: 'f32' as const, threads: 1, trials: [] };
  const insist = () => bench.say(3, { type: 'admitted', package: id, ...gpu, unitMs: millis(1) });
  insist();
  bench.say(3, { type: 'request' });
  expect([admits(3), idle(3)]).toEqual([1, undefined]);
  insist();
  expect([admits(3), idle(3), bench.last(3, 'lease')]).toEqual([
    1,
    'providers-suspended',
    undefined,
  ]);
});

test('the first verdict counts: more of them make no more facts', () => {
  join(2, ['webgpu']);
  admit(2, 'webgpu');
  deliver(2);
  findUnfit('inside');
  const shard = bench.last(1, 'check')?.shard;
  const { verdict } = verdictOn(bench, 'device-unfit');
  const next = { ...verdict, unit: (shard?.firstUnit ?? 0) + 1, lane: 'tolerance' as const };
  bench.say(1, { type: 'verdict', signed: { verdict: next, signature: SIGNED } });
  const facts = bench.facts.filter(({ type }) => type === 'suspended');
  expect(facts).toHaveLength(1);
  expect(facts[0]).toMatchObject({ device: PHONE, provider: 'webgpu' });
  expect(bench.hub().deviceRecords.get(PHONE)?.suspensions).toHaveLength(1);
});
