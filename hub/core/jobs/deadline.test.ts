import { beforeEach, expect, test } from 'vitest';
import type { JobId } from '#protocol/values/ids.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
} from '../fake-world.ts';
import { viewJob } from '../views.ts';

const OTHER = `job_${'2'.repeat(16)}` as JobId;
const PLAIN = { unitPrice: lamports(0n), autoStart: true } as const;
let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

const dueIn = (ms: number) => instant(bench.clock() + ms);
const lateOf = () => bench.job()?.late?.code;
const aheadOf = (id: JobId) => {
  const job = bench.hub().jobs.get(id);
  return job && viewJob(bench.hub(), job).ahead;
};

test('a job is late when its devices are too slow for its deadline, and when that has passed', () => {
  quoteJob(bench, 1_000, { ...PLAIN, deadline: dueIn(60_000) });
  bench.wait(1_000);
  expect([bench.job()?.deadline, lateOf()]).toEqual([dueIn(59_000), undefined]);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  bench.wait(1_000);
  expect(lateOf()).toBe('deadline-near');
  bench.wait(60_000);
  expect(lateOf()).toBe('deadline-passed');
});

test('a job that ended in time is not late, whatever the clock says later', () => {
  quoteJob(bench, 1, { ...PLAIN, deadline: dueIn(60_000) });
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  expect(bench.job()?.state).toBe('done');
  bench.wait(120_000);
  expect(lateOf()).toBeUndefined();
});

test('jobs say their place: before verifiers, then before devices, where the earlier deadline goes first', () => {
  quoteJob(bench, 100, PLAIN);
  postJob(bench, 100, { id: OTHER, ...PLAIN, deadline: dueIn(3_600_000) });
  expect(aheadOf(OTHER)).toBe(0);
  prepareJob(bench, { id: OTHER });
  expect([bench.job()?.ahead, aheadOf(OTHER)]).toEqual([1, 0]);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.last(2, 'lease')?.lease.job).toBe(OTHER);
});
