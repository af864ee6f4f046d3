import { beforeEach, expect, test } from 'vitest';
import { RELEASE_POLICY } from '#protocol/checks/check-policy.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  deliver,
  FUNDING,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
  startJob,
  VERIFIER,
  verdictOn,
} from '../fake-world.ts';
import { mayRead as mayReadUnits } from '../state/questions.ts';
import { forgetStanding } from '../trust/device-record.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true });
});

/** The phone computes until the job is finishing, and everything is judged. */
function finish(): void {
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  for (let shard = 0; shard < 200 && bench.job()?.state === 'running'; shard += 1) {
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
}
const newest = () => bench.last(1, 'check')?.shard.sequence ?? -1;
const judge = (): void => bench.say(1, { type: 'judged', through: newest() });
const mayRead = (first: number, end: number): boolean => {
  const job = bench.hub().jobs.get(JOB);
  return job !== undefined && mayReadUnits(job, first, end);
};
const exitChecks = () =>
  (bench.sent.get(1) ?? []).flatMap((message) =>
    message.type === 'check' && message.exit === true ? [message] : [],
  );

test('a job of instant assurance gives results at once', () => {
  startJob(bench, 50);
  finish();
  expect(bench.job()).toMatchObject({ state: 'finishing', accepted: 50, released: 50 });
  expect(mayRead(0, 50)).toBe(true);
  judge();
  expect(bench.job()?.state).toBe('done');
});

test('a small job of settled assurance is final when its exit check has passed', () => {
  startJob(bench, 50, 'settled');
  finish();
  judge();
  expect(bench.job()).toMatchObject({ state: 'finishing', accepted: 50, released: 0 });
  expect(mayRead(0, 1)).toBe(false);
  const asked = exitChecks();
  expect(asked.reduce((sum, { shard }) => sum + shard.unitCount, 0)).toBe(50);
  expect(asked.every(({ floorPpm }) => floorPpm === RELEASE_POLICY.exitPpm)).toBe(true);
  bench.wait(1_000);
  expect(exitChecks().length).toBe(asked.length);
  for (const { shard } of asked) bench.say(1, { type: 'exit-checked', sequence: shard.sequence });
  expect(bench.job()).toMatchObject({ state: 'done', released: 50 });
  expect(mayRead(0, 50)).toBe(true);
});

test('later work of settled assurance releases earlier work while the job runs', () => {
  startJob(bench, 4 * RELEASE_POLICY.lagUnits, 'settled');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  for (let shard = 0; shard < 200; shard += 1) {
    if ((bench.job()?.accepted ?? 0) > 3 * RELEASE_POLICY.lagUnits) break;
    deliver(bench, 2, PHONE);
    if ((bench.job()?.accepted ?? 0) <= RELEASE_POLICY.lagUnits) {
      expect(bench.job()?.released).toBe(0);
    }
    judge();
    bench.say(2, { type: 'request' });
  }
  const { accepted = 0, released = 0, state } = bench.job() ?? {};
  expect(state).toBe('running');
  expect(released).toBeGreaterThan(0);
  expect(accepted - released).toBeGreaterThanOrEqual(RELEASE_POLICY.lagUnits);
  expect(mayRead(0, released)).toBe(true);
  expect(mayRead(0, released + 1)).toBe(false);
});

test('a dear unit is released by later work of its own measure, on whatever model', () => {
  quoteJob(bench, 4, { assurance: 'settled', unitMs: 1_000 });
  beginJob(bench);
  finish();
  judge();
  const cheap = `job_${'2'.repeat(16)}` as JobId;
  postJob(bench, 4 * RELEASE_POLICY.lagUnits, { id: cheap, file: '7' });
  prepareJob(bench, { id: cheap, unitMs: 500 });
  const own = { ...FUNDING, escrow: FUNDING.escrow.replaceAll('E', 'F') as Address };
  bench.post({ type: 'command', request: 6, command: { type: 'fund', job: cheap, funding: own } });
  bench.post({ type: 'command', request: 7, command: { type: 'start', job: cheap } });
  bench.say(2, { type: 'request' });
  bench.admit(2, 2);
  const accepted = () => bench.hub().jobs.get(cheap)?.acceptedUnits ?? 0;
  // 2,000 units of 1 s are 4,000 of 500 ms.
  while (accepted() < 4_500) {
    deliver(bench, 2, PHONE);
    judge();
    expect(bench.job()?.released).toBe(accepted() < 4_000 ? 0 : 4);
    bench.say(2, { type: 'request' });
  }
});

test('work from before a device lost its trust releases nothing that came after', () => {
  startJob(bench, 4 * RELEASE_POLICY.lagUnits, 'settled');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  while ((bench.job()?.accepted ?? 0) <= RELEASE_POLICY.lagUnits) {
    deliver(bench, 2, PHONE);
    judge();
    bench.say(2, { type: 'request' });
  }
  const before = bench.job()?.released ?? 0;
  const { hub } = bench;
  forgetStanding(hub(), PHONE, instant(bench.clock()));
  bench.wait(1);
  deliver(bench, 2, PHONE);
  judge();
  const { judgedWork, standing } = hub().deviceRecords.get(PHONE) ?? {};
  expect(judgedWork).toBe(standing);
  expect(bench.job()?.released).toBe(before);
});

test('released work survives a restart, and so does an exit check that is due', () => {
  startJob(bench, 50, 'settled');
  finish();
  judge();
  bench.restart();
  bench.join(1, VERIFIER, 'verifier');
  bench.wait(1_000);
  const asked = exitChecks();
  expect(asked.reduce((sum, { shard }) => sum + shard.unitCount, 0)).toBe(50);
  for (const { shard } of asked) bench.say(1, { type: 'exit-checked', sequence: shard.sequence });
  expect(bench.job()?.state).toBe('done');
  bench.restart();
  expect(bench.job()).toMatchObject({ state: 'done', released: 50 });
});

test('a failure found by the audit opens the units again', () => {
  startJob(bench, 50, 'settled');
  finish();
  judge();
  const [audit] = exitChecks();
  if (audit === undefined) throw new Error('no audit was asked for');
  bench.say(1, { type: 'verdict', signed: verdictOn(bench, 'mismatch') });
  expect(bench.job()).toMatchObject({ state: 'running', accepted: 0, released: 0, requeued: 50 });
});

test('a job of full assurance asks for every unit, and is final when all are judged', () => {
  startJob(bench, 50, 'full');
  finish();
  expect(bench.last(1, 'check')?.floorPpm).toBe(1_000_000);
  expect(mayRead(0, 1)).toBe(false);
  judge();
  expect(exitChecks()).toEqual([]);
  expect(bench.job()).toMatchObject({ state: 'done', released: 50 });
});

test('the quote prices the checks that the assurance asks for', () => {
  const totals = (['instant', 'settled', 'full'] as const).map((assurance) => {
    bench = openBench({ needsVerifier: true });
    startJob(bench, 1_000, assurance);
    return Number(bench.job()?.quote?.total);
  });
  expect(totals).toEqual([5_000, 5_750, 9_750]);
});

test('a hub without verifiers refuses assurance and says what to do', () => {
  bench = openBench({ needsVerifier: false });
  postJob(bench, 10, { assurance: 'settled' });
  const [reply] = bench.replies;
  expect(reply?.result).toMatchObject({
    ok: false,
    refusal: { code: 'request-invalid', path: 'assurance' },
  });
});
