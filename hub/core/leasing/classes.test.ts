import { beforeEach, expect, test } from 'vitest';
import type { DeviceClasses } from '#protocol/api/job.ts';
import type { DecoyFindings } from '#protocol/checks/thresholds.ts';
import type { Capabilities } from '#protocol/messages/control.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { bytes, lamports, millis } from '#protocol/values/units.ts';
import {
  type Bench,
  JOB,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
  TABLET,
} from '../fake-world.ts';
import { estimate, likeJob, obstaclesOf } from '../jobs/estimate.ts';

const GIB = bytes(2 ** 30);
const OTHER = `job_${'2'.repeat(16)}` as JobId;
const PLAIN = { unitPrice: lamports(0n), autoStart: true } as const;
let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

const capable = (providers: Provider[], memoryBytes = GIB): Capabilities => ({
  ...{ providers, features: [], threads: 1, memoryBytes, engine: 'test' },
});
/** GPUs may run it: its decoys are far enough. */
const decoys: DecoyFindings = {
  ...{ names: ['half-weights'], units: [0, 1] },
  nearest: [{ output: 'y', decoy: 'half-weights', l2: 3e-4, max: 9e-4 }],
};
const startFor = (devices: DeviceClasses) => quoteJob(bench, 10, { ...PLAIN, devices, decoys });
const ask = (socket: number) => bench.say(socket, { type: 'request' });
function admit(socket: number, provider: Provider): void {
  const offer = bench.last(socket, 'admit');
  if (offer === undefined) throw new Error('no admission was offered');
  const fit = { dtype: 'f32' as const, threads: 1, unitMs: millis(10), trials: [] };
  bench.say(socket, { type: 'admitted', package: offer.id, provider, ...fit });
}

test('a job for GPUs is lent to devices with one alone, which try nothing else for it', () => {
  startFor({ providers: ['webgpu', 'webnn'] });
  bench.join(2, PHONE, capable(['wasm']));
  ask(2);
  expect(bench.last(2, 'admit')).toBeUndefined();
  expect(bench.last(2, 'idle')?.reason).toEqual({
    code: 'provider-unwanted',
    values: { job: 'numbers', providers: 'webgpu, webnn' },
  });
  expect(bench.job()?.reason.code).toBe('class-missing');
  bench.join(3, TABLET, capable(['webgpu', 'wasm']));
  ask(3);
  expect(bench.last(3, 'admit')?.without).toMatchObject([
    { provider: 'wasm', reason: { code: 'provider-unwanted' } },
  ]);
  admit(3, 'webgpu');
  expect(bench.last(3, 'lease')?.lease.unitCount).toBeGreaterThan(0);
  expect(bench.job()?.reason.code).not.toBe('class-missing');
});

test('a device that was admitted on another provider gets none of it', () => {
  startFor({ providers: ['webgpu'] });
  bench.join(2, PHONE, capable(['webgpu', 'wasm']));
  ask(2);
  admit(2, 'wasm');
  expect(bench.last(2, 'lease')).toBeUndefined();
  postJob(bench, 5, { id: OTHER, ...PLAIN });
  prepareJob(bench, { id: OTHER });
  expect(bench.last(2, 'lease')?.lease.job).toBe(OTHER);
});

test('a device that was admitted on another provider is tried for a job once on those it wants', () => {
  quoteJob(bench, 400, { ...PLAIN, decoys });
  bench.join(2, PHONE, capable(['webgpu', 'wasm']));
  ask(2);
  admit(2, 'wasm');
  expect(bench.last(2, 'lease')?.lease.job).toBe(JOB);
  postJob(bench, 400, { id: OTHER, ...PLAIN, devices: { providers: ['webgpu'] } });
  prepareJob(bench, { id: OTHER, decoys });
  const offers = () => (bench.sent.get(2) ?? []).filter(({ type }) => type === 'admit').length;
  ask(2);
  expect(offers()).toBe(2);
  expect(bench.last(2, 'admit')?.without).toMatchObject([
    { provider: 'wasm', reason: { code: 'provider-unwanted' } },
  ]);
  const id = bench.last(2, 'admit')?.id;
  if (id === undefined) throw new Error('no admission was offered');
  bench.say(2, { type: 'unfit', package: id, trials: [] });
  ask(2);
  expect(offers()).toBe(2);
  expect(bench.hub().devices.get(PHONE)?.admitted.get(id)?.provider).toBe('wasm');
});

test('a device whose GPU is wrong for one job is tried on its processor for another of the model', () => {
  startFor({ providers: ['webgpu'] });
  bench.join(2, PHONE, capable(['webgpu', 'wasm']));
  ask(2);
  const id = bench.last(2, 'admit')?.id;
  if (id === undefined) throw new Error('no admission was offered');
  bench.say(2, { type: 'unfit', package: id, trials: [] });
  expect(bench.last(2, 'idle')?.reason.code).toBe('device-unfit');
  postJob(bench, 5, { id: OTHER, ...PLAIN });
  prepareJob(bench, { id: OTHER });
  expect(bench.last(2, 'admit')?.without).toBeUndefined();
  admit(2, 'wasm');
  expect(bench.last(2, 'lease')?.lease.job).toBe(OTHER);
});

test('a job that asks for memory is lent to devices that offer as much, and quotes count them alone', () => {
  startFor({ memoryMin: bytes(2 * GIB) });
  bench.join(2, PHONE, capable(['wasm']));
  ask(2);
  expect(bench.last(2, 'idle')?.reason).toMatchObject({
    code: 'memory-unwanted',
    values: { needMiB: 2_048, hasMiB: 1_024 },
  });
  expect(bench.job()?.quote?.devices).toBe(0);
  bench.join(3, TABLET, capable(['wasm'], bytes(3 * GIB)));
  ask(3);
  admit(3, 'wasm');
  expect(bench.last(3, 'lease')).toBeDefined();
  expect(bench.job()?.quote?.devices).toBe(1);
});

test('whether a class is online is told of a job that is not posted', () => {
  quoteJob(bench, 10, PLAIN);
  bench.join(2, PHONE, capable(['wasm']));
  const job = bench.hub().jobs.values().next().value;
  if (job === undefined) throw new Error('there is no job');
  const wish = { items: 5, unitPrice: lamports(0n), assurance: 'instant' } as const;
  const onGpus = likeJob(job, { ...wish, devices: { providers: ['webgpu'] } });
  expect(obstaclesOf(bench.hub(), onGpus).map(({ code }) => code)).toEqual(['class-missing']);
  expect(estimate(bench.hub(), onGpus)?.devices).toBe(0);
  expect(obstaclesOf(bench.hub(), likeJob(job, wish))).toEqual([]);
});
