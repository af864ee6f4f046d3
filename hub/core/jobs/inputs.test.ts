import { beforeEach, expect, test } from 'vitest';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { JobId, Root } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  quoteJob,
  TABLET,
  UNIT_BYTES,
  VERIFIER,
} from '../fake-world.ts';
import { OPEN_UNITS_MAX } from './inputs.ts';

const FREE = lamports(0n);
const HOUR_MS = 3_600_000;

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

/** An open job that runs, of so many units; a phone computes them. */
function beginOpen(units: number): void {
  quoteJob(bench, units, { unitPrice: FREE, open: { idleMinutes: 60 } });
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  while (bench.job()?.accepted !== units) {
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
}

let request = 100;
function command(type: 'add-inputs' | 'end-inputs', units = 1, root = 'a') {
  const inputs = { root: root.repeat(64) as Root, length: bytes(units * UNIT_BYTES) };
  const digests = new Uint8Array(units * DIGEST_BYTES);
  const added = { type: 'add-inputs', job: JOB, inputs, units, digests } as const;
  const said = type === 'add-inputs' ? added : ({ type: 'end-inputs', job: JOB } as const);
  request += 1;
  bench.post({ type: 'command', request, command: said });
  return bench.replies.findLast((each) => each.request === request)?.result;
}
const refusal = (said: ReturnType<typeof command>) =>
  said?.ok === false ? said.refusal.code : undefined;

test('an open job goes on when all of it is computed, and says what it waits for', () => {
  beginOpen(3);
  expect(bench.job()).toMatchObject({ state: 'running', open: true, accepted: 3 });
  expect(bench.job()?.reason.code).toBe('awaits-inputs');
});

test('inputs that are added are lent at once, from their own blob', () => {
  beginOpen(3);
  const said = command('add-inputs', 2);
  expect(said).toMatchObject({ ok: true, value: { units: 5, items: 5 } });
  const lease = bench.last(2, 'lease')?.lease;
  expect(lease).toMatchObject({ firstUnit: 3, unitCount: 2 });
  expect(lease?.inputs).toMatchObject({ root: 'a'.repeat(64), offset: 0 });
  deliver(bench, 2, PHONE);
  expect(bench.job()).toMatchObject({ state: 'running', accepted: 5 });
});

test('a lease never holds units of two blobs', () => {
  beginOpen(1);
  bench.say(2, { type: 'bye', reason: why('stopped', {}) });
  command('add-inputs', 2, 'a');
  command('add-inputs', 3, 'b');
  joinWorker(bench, 4, { key: TABLET, unitMs: 1 });
  const first = bench.last(4, 'lease')?.lease;
  expect(first).toMatchObject({ firstUnit: 1, unitCount: 2 });
  bench.say(4, { type: 'request' });
  const next = bench.last(4, 'lease')?.lease;
  expect(next).toMatchObject({ firstUnit: 3, unitCount: 3 });
  expect(next?.inputs).toMatchObject({ root: 'b'.repeat(64), offset: 0 });
});

test('verifiers are told where the inputs of added units are', () => {
  bench = openBench({ needsVerifier: true, checks: { type: 'flat', rate: 1 } });
  beginOpen(1);
  command('add-inputs', 2);
  deliver(bench, 2, PHONE);
  expect(bench.last(1, 'check')?.inputs).toMatchObject({ root: 'a'.repeat(64), firstUnit: 1 });
});

test('a restart comes to the same job, from facts and from a snapshot', () => {
  beginOpen(2);
  command('add-inputs', 4);
  const before = bench.hub().jobs.get(JOB);
  bench.restart();
  const after = bench.hub().jobs.get(JOB);
  expect(after?.record).toEqual(before?.record);
  expect(after?.added).toEqual(before?.added);
  expect(after?.inputDigests).toEqual(before?.inputDigests);
  expect(after?.open.runs).toEqual([{ first: 2, end: 6 }]);
});

test('two additions on their way to the disk stand one behind the other', () => {
  beginOpen(1);
  bench.holdDisk(true);
  command('add-inputs', 2, 'a');
  command('add-inputs', 3, 'b');
  bench.holdDisk(false);
  expect(
    bench
      .hub()
      .jobs.get(JOB)
      ?.added.map(({ firstUnit }) => firstUnit),
  ).toEqual([1, 3]);
});

test('a job ends when it is told that no more inputs come, and takes none then', () => {
  beginOpen(1);
  command('add-inputs', 2);
  command('end-inputs');
  expect(bench.job()).toMatchObject({ state: 'running', accepted: 1 });
  expect(bench.job()?.open).toBeUndefined();
  expect(refusal(command('add-inputs'))).toBe('job-state');
  expect(refusal(command('end-inputs'))).toBe('job-state');
  deliver(bench, 2, PHONE);
  expect(bench.job()?.state).toBe('done');
});

test('a job to which nothing comes for its idle time ends by itself', () => {
  beginOpen(1);
  const wait = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10_000) {
      for (const socket of [1, 2]) bench.say(socket, { type: 'beat' });
      bench.wait(10_000);
    }
  };
  wait(HOUR_MS / 2);
  command('add-inputs', 1);
  deliver(bench, 2, PHONE);
  wait(HOUR_MS / 2 + 60_000);
  expect(bench.job()?.state).toBe('running');
  wait(HOUR_MS / 2);
  expect(bench.job()?.state).toBe('done');
});

test('only an open job that runs takes inputs, and as many as it may have', () => {
  quoteJob(bench, 1, { unitPrice: FREE, open: { idleMinutes: 60 } });
  expect(refusal(command('add-inputs'))).toBe('job-state');
  beginJob(bench);
  expect(refusal(command('add-inputs', 5_000))).toBe('busy');
  expect(refusal(command('add-inputs', OPEN_UNITS_MAX))).toBe('job-full');
  expect(refusal(command('add-inputs', 0))).toBe('request-invalid');
  bench = openBench();
  quoteJob(bench, 1, { unitPrice: FREE });
  beginJob(bench);
  expect(refusal(command('add-inputs'))).toBe('job-state');
});

test('an open job has units of one item, and no price', () => {
  bench.join(1, VERIFIER, 'verifier');
  const open = { idleMinutes: 60 };
  const odd = [
    { path: 'open', more: { unitItems: 2, unitPrice: FREE } },
    { path: 'unitPrice', more: { unitPrice: lamports(1n) } },
  ];
  for (const { path, more } of odd) {
    const id = `job_${'7'.repeat(16)}` as JobId;
    postJob(bench, 1, { id, open, ...more });
    expect(bench.replies.at(-1)?.result).toMatchObject({ refusal: { path } });
  }
});
