import { beforeEach, expect, test } from 'vitest';
import type { PublicKey } from '#protocol/ids.ts';
import {
  type Bench,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  startJob,
  TABLET,
  verdictOn,
} from './fake-world.ts';
import { mayReadUnits } from './hub.ts';

const UNITS = 40;
let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true });
  enrol(PHONE);
});

const enrol = (key: PublicKey): void =>
  bench.post({ type: 'command', request: 9, command: { type: 'enrol-auditor', key } });
const judge = (): void => {
  const through = bench.last(1, 'check')?.shard.sequence ?? -1;
  bench.say(1, { type: 'judged', through });
};

/** A device computes until nothing is left for it. */
function work(socket: number, key: PublicKey): void {
  for (let shard = 0; shard < 50 && bench.job()?.state === 'running'; shard += 1) {
    const before = bench.job()?.accepted;
    deliver(bench, socket, key);
    judge();
    bench.say(socket, { type: 'request' });
    if (bench.job()?.accepted === before) return;
  }
}

test('what an auditor computed is computed again by others before a job is done', () => {
  startJob(bench, UNITS);
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  work(2, PHONE);
  expect(bench.job()).toMatchObject({ state: 'running', accepted: 0, requeued: UNITS });
  expect(mayReadUnits(bench.hub(), JOB, { first: 0, end: UNITS })).toBe(true);
  joinWorker(bench, 3, { key: TABLET, unitMs: 1 });
  work(3, TABLET);
  expect(bench.job()).toMatchObject({ state: 'done', accepted: UNITS });
  expect(
    [...(bench.hub().jobs.get(JOB)?.shards.values() ?? [])].map(({ device }) => device),
  ).toEqual(expect.arrayContaining([TABLET]));
});

test('nobody reads it, and no auditor gets it again', () => {
  startJob(bench, UNITS);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  expect(bench.job()?.accepted).toBeGreaterThan(0);
  expect(mayReadUnits(bench.hub(), JOB, { first: 0, end: 1 })).toBe(false);
  bench.say(2, { type: 'request' });
  work(2, PHONE);
  expect(bench.job()).toMatchObject({ state: 'running', accepted: 0 });
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'idle')?.code).toBe('no-units-open');
});

test('a forced error costs an auditor that shard and its count, and nothing else', () => {
  startJob(bench, UNITS);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  bench.say(1, { type: 'verdict', signed: verdictOn(bench, 'mismatch') });
  expect(bench.facts.some(({ type }) => type === 'barred')).toBe(false);
  expect(bench.hub().devices.has(PHONE)).toBe(true);
  expect(bench.job()).toMatchObject({ accepted: 0, mismatched: 1 });
  expect([...bench.hub().standings.keys()]).toEqual([]);
});

test('it stays so over a restart, and nobody else is an auditor', () => {
  bench.restart();
  startJob(bench, UNITS);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  deliver(bench, 3, TABLET);
  bench.say(1, { type: 'verdict', signed: { ...verdictOn(bench, 'mismatch') } });
  expect([...bench.hub().auditors]).toEqual([PHONE]);
});

test('a hub without verifiers has nobody to audit', () => {
  bench = openBench({ needsVerifier: false });
  enrol(PHONE);
  expect(bench.hub().auditors.size).toBe(0);
});
