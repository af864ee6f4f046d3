import { beforeEach, expect, test } from 'vitest';
import type { DecoyFindings } from '#protocol/checks/thresholds.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
} from '../fake-world.ts';

const NEXT = `job_${'2'.repeat(16)}` as JobId;
const THIRD = `job_${'3'.repeat(16)}` as JobId;

let bench: Bench;
beforeEach(() => {
  bench = openBench();
  quoteJob(bench, 10, { unitMs: 100, decoys: foundAt(3e-4) });
});

const jobOf = (id: JobId) => bench.hub().jobs.get(id);
const foundAt = (l2: number): DecoyFindings => ({
  names: ['half-weights'],
  units: [0, 1],
  nearest: [{ output: 'y', decoy: 'half-weights', l2, max: 3 * l2 }],
});
/** The verifier on socket 1 has prepared another job of the same file. */
function postNext(id: JobId, unitMs: number, { unitItems = 1, decoys = foundAt(3e-4) } = {}) {
  postJob(bench, 10, { id, unitItems, sized: 'fixed' });
  prepareJob(bench, { id, unitMs, unitItems, decoys });
}

test('two jobs with one model and one unit size have one package, and it keeps its first cost', () => {
  postNext(NEXT, 250, { decoys: foundAt(6e-4) });
  const [first, next] = [jobOf(JOB), jobOf(NEXT)];
  expect(next?.packageId).toBe(first?.packageId);
  expect(next?.manifest?.referenceUnitMs).toBe(100);
  expect(next?.manifest?.knownAnswers).not.toEqual(first?.manifest?.knownAnswers);
  const [usual, wider] = [first, next].map((job) => job?.manifest?.runtime.comparators[0]?.l2 ?? 0);
  expect(wider).toBeGreaterThan(usual ?? 1);
});

test('a unit size of its own makes another package', () => {
  postNext(NEXT, 250, { unitItems: 2 });
  expect(jobOf(NEXT)?.packageId).not.toBe(jobOf(JOB)?.packageId);
  expect(jobOf(NEXT)?.manifest?.referenceUnitMs).toBe(250);
});

test('a package keeps its first cost over a restart', () => {
  postNext(NEXT, 250);
  bench.restart();
  expect(jobOf(NEXT)?.manifest?.referenceUnitMs).toBe(100);
  bench.join(1, [...bench.hub().enrolled][0] ?? PHONE, 'verifier');
  postNext(THIRD, 50);
  expect(jobOf(THIRD)?.manifest?.referenceUnitMs).toBe(100);
});

test('a device that is admitted to a package works for the next job of it at once', () => {
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  postNext(NEXT, 250);
  const admissions = () => bench.sent.get(2)?.filter(({ type }) => type === 'admit').length;
  bench.post({ type: 'command', request: 5, command: { type: 'cancel', job: JOB } });
  startNext();
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'lease')?.lease.job).toBe(NEXT);
  expect(admissions()).toBe(1);
});

/** The poster of the next job has paid, and starts it. */
function startNext(): void {
  const job = jobOf(NEXT);
  if (job === undefined) throw new Error('no next job');
  const { funding } = jobOf(JOB) ?? {};
  if (funding === undefined) throw new Error('the first job has no money');
  const own = { ...funding, escrow: funding.escrow.replaceAll('E', 'F') as typeof funding.escrow };
  bench.post({ type: 'command', request: 6, command: { type: 'fund', job: NEXT, funding: own } });
  bench.post({ type: 'command', request: 7, command: { type: 'start', job: NEXT } });
}

test('a device that runs a package on a GPU gets nothing of a job whose results need the exact lane', () => {
  beginJob(bench);
  bench.join(2, PHONE, 'contributor');
  bench.say(2, { type: 'request' });
  const offer = bench.last(2, 'admit');
  if (offer === undefined) throw new Error('no admission was offered');
  const fit = { dtype: 'f32' as const, threads: 1, unitMs: millis(100), trials: [] };
  bench.say(2, { type: 'admitted', package: offer.id, provider: 'webgpu', ...fit });
  expect(bench.last(2, 'lease')?.lease.job).toBe(JOB);
  bench.post({ type: 'command', request: 5, command: { type: 'cancel', job: JOB } });
  postNext(NEXT, 100, { decoys: foundAt(2e-6) });
  startNext();
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'lease')?.lease.job).toBe(JOB);
  expect(bench.last(2, 'idle')).toMatchObject({ reason: { code: 'exact-only' } });
});
