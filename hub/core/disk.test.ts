import { expect, test } from 'vitest';
import { openCourt, SECOND } from './fake-court.ts';
import {
  beginJob,
  commit,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  quoteJob,
  reveal,
  startJob,
  TABLET,
  VERIFIER,
  verdictOn,
} from './fake-world.ts';
import { banOf } from './hub.ts';
import { nameOf } from './state/underway.ts';

/** A phone has delivered part of a job of 60 units that one verifier checks. */
function openChecked() {
  const bench = openBench({ needsVerifier: true });
  startJob(bench, 60);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  return bench;
}

const banned = (bench: ReturnType<typeof openChecked>) =>
  [PHONE, TABLET].filter((key) => banOf(bench.hub(), key) !== undefined);

/** A tablet computes what is left, and the verifier has judged all of it. */
function finishChecked(bench: ReturnType<typeof openChecked>): void {
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  for (let shard = 0; shard < 20 && bench.job()?.state === 'running'; shard += 1) {
    deliver(bench, 3, TABLET);
    const through = bench.last(1, 'check')?.shard.sequence ?? -1;
    bench.say(1, { type: 'judged', through });
    bench.say(3, { type: 'request' });
    bench.wait(500);
  }
}

test('a verdict that a full disk kept off bans nobody until it is written, and then once', () => {
  const bench = openChecked();
  const signed = verdictOn(bench, 'mismatch');
  bench.holdDisk(true);
  bench.say(1, { type: 'verdict', signed });
  bench.fillDisk(true);
  expect(banned(bench)).toEqual([]);
  expect(bench.job()).toMatchObject({ requeued: 0, mismatched: 0 });
  bench.fillDisk(false);
  expect(banned(bench)).toEqual([PHONE]);
  expect(bench.facts.filter(({ type }) => type === 'banned')).toHaveLength(1);
});

test('a verdict that died with the hub before it was written is said again, and no unit stands twice', () => {
  const bench = openChecked();
  const signed = verdictOn(bench, 'mismatch');
  bench.holdDisk(true);
  bench.say(1, { type: 'verdict', signed });
  bench.holdDisk(false);
  const verdict = bench.facts.findIndex(({ type }) => type === 'verdict');
  bench.facts.splice(verdict);
  bench.restart();
  expect(banned(bench)).toEqual([]);
  bench.join(1, VERIFIER, 'verifier');
  bench.say(1, { type: 'verdict', signed });
  expect(banned(bench)).toEqual([PHONE]);
  finishChecked(bench);
  bench.restart();
  expect(bench.job()).toMatchObject({ state: 'done', accepted: 60 });
});

test('a restart decides what follows from a verdict before it', () => {
  const bench = openChecked();
  bench.say(1, { type: 'verdict', signed: verdictOn(bench, 'mismatch') });
  const verdict = bench.facts.findIndex(({ type }) => type === 'verdict');
  bench.facts.splice(verdict + 1);
  bench.restart();
  expect(banned(bench)).toEqual([PHONE]);
  expect(bench.job()?.requeued).toBeGreaterThan(0);
});

test('a device whose ban is being written has no more results accepted', () => {
  const bench = openBench();
  startJob(bench, 60);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('nothing was lent');
  const { id, unitCount: units } = lease;
  commit(bench, 2, { key: PHONE, id, units });
  const sequence = bench.hub().nextSequence;
  const { counts } = bench.hub().underway;
  counts.set(nameOf.ban(PHONE), 1);
  reveal(bench, 2, { id, units });
  expect(bench.hub().nextSequence).toBe(sequence);
  counts.delete(nameOf.ban(PHONE));
  reveal(bench, 2, { id, units });
  expect(bench.hub().nextSequence).toBe(sequence + 1);
});

test('a dispute that was resolved is not opened again by a restart', () => {
  const court = openCourt({ units: 10, enrolled: [VERIFIER, SECOND] });
  court.judge(VERIFIER, 'mismatch');
  court.judge(SECOND, 'mismatch');
  expect(court.hub().disputes.size).toBe(0);
  court.restart();
  expect(court.hub().disputes.size).toBe(0);
  expect(court.facts.filter(({ type }) => type === 'banned')).toHaveLength(1);
});

test('a job whose start waits for the disk is quoted and lends nothing until it is written', () => {
  const bench = openBench();
  quoteJob(bench, 40);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  bench.holdDisk(true);
  beginJob(bench);
  expect(bench.job()?.state).toBe('quoted');
  expect(bench.last(2, 'lease')).toBeUndefined();
  bench.holdDisk(false);
  beginJob(bench);
  expect(bench.job()?.state).toBe('running');
  expect(bench.last(2, 'lease')).toBeDefined();
});

test('a full disk refuses commands, sends verifiers away and gives no device work', () => {
  const bench = openChecked();
  bench.fillDisk(true);
  beginJob(bench);
  expect(bench.replies.at(-1)?.result).toMatchObject({ refusal: { code: 'disk-full' } });
  expect(bench.last(1, 'refused')?.code).toBe('disk-full');
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'idle')?.reason.code).toBe('hub-degraded');
  bench.fillDisk(false);
  expect(bench.last(2, 'lease')?.lease.firstUnit).toBeGreaterThan(0);
});

test('a lease that was to be late when the disk was full has a minute more', () => {
  const bench = openBench();
  startJob(bench, 20);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease');
  bench.fillDisk(true);
  bench.wait(lease.deadlineMs + 1_000);
  bench.say(2, { type: 'beat' });
  bench.fillDisk(false);
  commit(bench, 2, { key: PHONE, id: lease.id, units: lease.unitCount });
  expect(bench.last(2, 'logged')?.lease).toBe(lease.id);
});
