import { beforeEach, expect, test } from 'vitest';
import { type DecoyFindings, THRESHOLD_VERSION } from '#protocol/checks/thresholds.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { millis } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
  VERIFIER,
} from '../fake-world.ts';
import { viewJob } from '../views.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

const foundAt = (l2: number, max: number): DecoyFindings => ({
  names: ['half-weights'],
  units: [0, 1],
  nearest: [{ output: 'y', decoy: 'half-weights', l2, max }],
});
const manifest = () => bench.hub().jobs.get(JOB)?.manifest;

test('a package has thresholds from its nearest decoy, and says which decoys were run', () => {
  quoteJob(bench, 10, { decoys: foundAt(3e-4, 9e-4) });
  const [comparator] = manifest()?.runtime.comparators ?? [];
  expect(comparator?.l2).toBeCloseTo(1e-4, 8);
  expect(comparator?.max).toBeCloseTo(3e-4, 8);
  expect(comparator?.nearest).toEqual({ decoy: 'half-weights', l2: 3e-4, max: 9e-4 });
  expect(manifest()).toMatchObject({
    runtime: { calibrated: { rule: THRESHOLD_VERSION, decoys: ['half-weights'], units: [0, 1] } },
    providers: ['wasm', 'webgpu', 'webnn'],
  });
  expect(bench.job()?.quote?.notes.map(({ code }) => code)).not.toContain('exact-only');
});

test('the quote says where a decoy lies within the noise of GPUs, and no GPU gets work', () => {
  quoteJob(bench, 10, { decoys: foundAt(2e-6, 9e-6) });
  expect(manifest()?.providers).toEqual(['wasm']);
  expect(bench.job()?.quote?.notes.map(({ code }) => code)).toContain('exact-only');
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.last(2, 'lease')).toBeDefined();
});

test('a device that admits itself on a GPU where none may run is not believed', () => {
  quoteJob(bench, 10);
  beginJob(bench);
  bench.join(2, PHONE, 'contributor');
  bench.say(2, { type: 'request' });
  const offer = bench.last(2, 'admit');
  if (offer === undefined) throw new Error('no admission was offered');
  const fit = { dtype: 'f32' as const, threads: 1, unitMs: millis(1), trials: [] };
  bench.say(2, { type: 'admitted', package: offer.id, provider: 'webgpu', ...fit });
  expect(bench.last(2, 'lease')).toBeUndefined();
  expect(bench.last(2, 'idle')).toMatchObject({ reason: { code: 'exact-only' } });
});

test('decoys of an output that the model does not have are declined', () => {
  const decoys = { ...foundAt(1, 1), nearest: [{ output: 'z', decoy: 'x', l2: 1, max: 1 }] };
  quoteJob(bench, 10, { decoys });
  expect(bench.last(1, 'declined')?.code).toBe('result-shape');
  expect(bench.job()?.state).toBe('checking');
});

const jobOf = (number: number) => `job_${String(number).padStart(16, '0')}` as JobId;
const asked = () => bench.last(1, 'prepare')?.job;
function view(id: JobId) {
  const job = bench.hub().jobs.get(id);
  return job && viewJob(bench.hub(), job);
}

test('jobs posted at once are prepared one after the other, and say their place', () => {
  bench.join(1, VERIFIER, 'verifier');
  for (let number = 0; number < 30; number += 1) postJob(bench, 1, { id: jobOf(number) });
  for (let number = 0; number < 30; number += 1) {
    expect(asked()).toBe(jobOf(number));
    expect(view(jobOf(number))?.reason).toEqual(why('preparing', {}));
    if (number < 29) {
      const { code, values } = view(jobOf(29))?.reason ?? {};
      expect([code, values]).toEqual(['preparing-later', { ahead: 29 - number }]);
    }
    prepareJob(bench, { id: jobOf(number) });
    expect(view(jobOf(number))?.state).toBe('quoted');
  }
});

test('the time of a job to prepare begins with its turn', () => {
  bench.join(1, VERIFIER, 'verifier');
  for (const number of [1, 2, 3]) postJob(bench, 1, { id: jobOf(number) });
  for (const number of [1, 2, 3]) {
    for (let waited = 0; waited < 100_000; waited += 10_000) {
      bench.wait(10_000);
      bench.say(1, { type: 'beat' });
    }
    expect(asked()).toBe(jobOf(number));
    prepareJob(bench, { id: jobOf(number) });
  }
  for (const number of [1, 2, 3]) expect(view(jobOf(number))?.state).toBe('quoted');
});

test('a job that a verifier cannot run makes way for the next one', () => {
  bench.join(1, VERIFIER, 'verifier');
  for (const number of [1, 2]) postJob(bench, 1, { id: jobOf(number) });
  const refusal = { code: 'model-run-failed' as const, message: 'Reshape failed' };
  bench.say(1, { type: 'unpreparable', job: jobOf(1), refusal });
  expect(asked()).toBe(jobOf(2));
});

test('each verifier prepares a job of its own', () => {
  const second = 'b2'.repeat(32) as PublicKey;
  bench = openBench({ verifiers: [VERIFIER, second] });
  bench.join(1, VERIFIER, 'verifier');
  bench.join(5, second, 'verifier');
  for (const number of [1, 2, 3]) postJob(bench, 1, { id: jobOf(number) });
  expect([asked(), bench.last(5, 'prepare')?.job]).toEqual([jobOf(1), jobOf(2)]);
  expect(view(jobOf(3))?.reason.code).toBe('preparing-later');
});

const full = { code: 'disk-full', message: 'the disk is full; free some' } as const;

test('a job whose known answers find no room is prepared again until they do, and loses no try', () => {
  bench.join(1, VERIFIER, 'verifier');
  bench.refuseBlobs(full);
  postJob(bench, 1);
  for (let time = 1; time <= 5; time += 1) {
    prepareJob(bench);
    expect(bench.job()).toMatchObject({ state: 'checking', reason: { code: 'hub-degraded' } });
    bench.wait(5_000);
    expect(bench.hub().jobs.get(JOB)?.preparing).toBeUndefined();
    bench.wait(5_000);
    expect(bench.job()?.reason.code).toBe('preparing');
  }
  bench.refuseBlobs(undefined);
  prepareJob(bench);
  expect(bench.job()?.state).toBe('quoted');
});

test.each([
  ['storage-failed', 3],
  ['model-too-big', 1],
] as const)('a job whose known answers are refused with %s is so after %i times', (code, times) => {
  bench.join(1, VERIFIER, 'verifier');
  bench.refuseBlobs({ code, message: 'the folder is read-only' });
  postJob(bench, 1);
  for (let time = 0; time < times; time += 1) {
    expect(bench.job()?.state).toBe('checking');
    prepareJob(bench);
    bench.wait(10_000);
  }
  expect(bench.job()).toMatchObject({
    state: 'refused',
    reason: { values: { text: 'the folder is read-only' } },
  });
});

test('a job is refused for time after three late verifiers, however often one of them left', () => {
  bench.join(1, VERIFIER, 'verifier');
  postJob(bench, 1);
  for (let left = 0; left < 5; left += 1) bench.join(2 + left, VERIFIER, 'verifier');
  expect(bench.last(6, 'prepare')?.job).toBe(JOB);
  for (let waited = 0; waited < 9 * 60_000; waited += 10_000) {
    expect(bench.job()?.state).toBe('checking');
    bench.wait(10_000);
    bench.say(6, { type: 'beat' });
  }
  expect(bench.job()).toMatchObject({ state: 'refused', refusal: { code: 'model-run-failed' } });
});
