import { beforeEach, expect, test } from 'vitest';
import type { Digest, LeaseId, PublicKey } from '#protocol/ids.ts';
import type { Provider } from '#protocol/package.ts';
import { millis } from '#protocol/units.ts';
import {
  type Bench,
  beginJob,
  commit,
  deliver,
  openBench,
  PHONE,
  quoteJob,
  TABLET,
  VERIFIER,
} from './fake-world.ts';

let bench: Bench;
beforeEach(() => {
  bench = openGpuJob();
});

/** A running job whose decoys lie far enough off for GPUs. */
function openGpuJob(): Bench {
  bench = openBench({ needsVerifier: true });
  const nearest = [{ output: 'y', decoy: 'half-weights', l2: 1, max: 1 }];
  quoteJob(bench, 20, { decoys: { names: ['half-weights'], units: [0], nearest } });
  beginJob(bench);
  return bench;
}

function join(socket: number, key: PublicKey, provider: Provider = 'webgpu'): void {
  bench.join(socket, key, 'contributor');
  bench.say(socket, { type: 'request' });
  const id = bench.last(socket, 'admit')?.id ?? ('' as Digest);
  const fit = { provider, dtype: 'f32' as const, threads: 1, trials: [] };
  bench.say(socket, { type: 'admitted', package: id, ...fit, unitMs: millis(100) });
}

/** The phone computes everything beside one that is admitted and idle; the lease of its first shard. */
function computeAll(provider?: Provider): LeaseId {
  if (provider !== undefined) {
    join(3, TABLET, provider);
    const id = bench.last(3, 'lease')?.lease.id as LeaseId;
    bench.say(3, { type: 'release', lease: id, reason: 'hidden' });
    bench.sent.delete(3);
  }
  join(2, PHONE);
  const first = bench.last(2, 'lease')?.lease.id as LeaseId;
  while (bench.job()?.state === 'running') {
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
  return first;
}

const answers = () => (bench.sent.get(1) ?? []).filter(({ type }) => type === 'seconded');

test('a second device of the class is lent the unit alone, and its shard is no result', () => {
  const lease = computeAll('webgpu');
  bench.say(3, { type: 'request' });
  bench.say(1, { type: 'second', lease, unit: 1 });
  bench.say(1, { type: 'second', lease, unit: 1 });
  bench.wait(1_000);
  const lent = bench.last(3, 'lease')?.lease;
  expect(lent).toMatchObject({ firstUnit: 1, unitCount: 1 });
  expect(answers()).toEqual([]);
  deliver(bench, 3, TABLET);
  expect(answers()).toEqual([{ type: 'seconded', lease, unit: 1, by: lent?.id }]);
  expect(bench.last(3, 'accepted')).toMatchObject({ units: 1, before: 0 });
  const shard = bench.last(1, 'check')?.shard;
  expect(shard).toMatchObject({ device: TABLET, leg: 2, firstUnit: 1 });
  expect(bench.job()).toMatchObject({ state: 'finishing', accepted: 20, requeued: 0 });
  // Who asks again, as after a restart, is told at once; and of that device's unit the first one's.
  bench.restart();
  bench.join(1, VERIFIER, 'verifier');
  bench.say(1, { type: 'second', lease, unit: 1 });
  bench.say(1, { type: 'second', lease: lent?.id as LeaseId, unit: 1 });
  expect(answers()).toMatchObject([{ by: lent?.id }, { by: lease }]);
  bench.say(1, { type: 'judged', through: shard?.sequence ?? 0 });
  expect(bench.job()).toMatchObject({ state: 'done', accepted: 20 });
});

test('there is none: nobody else, another provider, an unknown lease, or none in time', () => {
  const lease = computeAll('wasm');
  const none = { type: 'seconded', lease, unit: 1 };
  bench.say(1, { type: 'second', lease, unit: 1 });
  bench.say(1, { type: 'second', lease, unit: 19_000 });
  expect(answers()).toEqual([none, { ...none, unit: 19_000 }]);
  bench = openGpuJob();
  const other = computeAll('webgpu');
  bench.say(3, { type: 'request' });
  bench.say(1, { type: 'second', lease: other, unit: 1 });
  bench.wait(1_000);
  expect(bench.last(3, 'lease')?.lease.unitCount).toBe(1);
  bench.wait(30_000);
  bench.say(1, { type: 'beat' });
  bench.say(3, { type: 'beat' });
  expect(answers()).toEqual([]);
  bench.wait(30_000);
  expect(answers()).toEqual([{ ...none, lease: other }]);
});

test('a second device that lets go of the unit is asked no more once it has gone', () => {
  const lease = computeAll('webgpu');
  bench.say(3, { type: 'request' });
  bench.say(1, { type: 'second', lease, unit: 1 });
  bench.wait(1_000);
  const id = bench.last(3, 'lease')?.lease.id as LeaseId;
  commit(bench, 3, { key: TABLET, id, units: 1 });
  bench.say(3, { type: 'release', lease: id, reason: 'hidden' });
  bench.post({ type: 'disconnected', socket: 3 });
  bench.wait(1_000);
  expect(answers()).toEqual([{ type: 'seconded', lease, unit: 1 }]);
  expect(bench.job()).toMatchObject({ accepted: 20, leased: 0 });
});
