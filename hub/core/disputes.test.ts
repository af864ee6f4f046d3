import { beforeEach, describe, expect, test } from 'vitest';
import type { PublicKey } from '#protocol/ids.ts';
import type { Verdict } from '#protocol/records.ts';
import {
  type Bench,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  speak,
  startJob,
  VERIFIER,
  verdictOn,
} from './fake-world.ts';
import { viewGrid } from './hub.ts';

const SECOND = 'b2'.repeat(32) as PublicKey;
const THIRD = 'b3'.repeat(32) as PublicKey;
const FOURTH = 'b4'.repeat(32) as PublicKey;
const SOCKETS: Record<string, number> = {
  [VERIFIER]: 1,
  [SECOND]: 11,
  [THIRD]: 12,
  [FOURTH]: 13,
};

let bench: Bench;
/** A job in the hands of one phone, which has delivered a shard of it; `verifiers` are online. */
function open(units: number, ...verifiers: PublicKey[]): void {
  bench = openBench({ needsVerifier: true, verifiers });
  startJob(bench, units);
  for (const key of verifiers.slice(1)) bench.join(SOCKETS[key] ?? 0, key, 'verifier');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
}

/** One verifier says so of the first unit of the first shard. */
function judge(verifier: PublicKey, kind: Verdict['kind']): void {
  speak(bench, SOCKETS[verifier] ?? 0, verdictOn(bench, kind, verifier));
}
const isBarred = () => bench.hub().barred.has(PHONE);
const grid = () => viewGrid(bench.hub());
const asked = (verifier: PublicKey) =>
  (bench.sent.get(SOCKETS[verifier] ?? 0) ?? []).flatMap((message) =>
    message.type === 'check' && message.units !== undefined ? [message.units] : [],
  );

test('where one verifier is enrolled, its confirmed mismatch convicts', () => {
  open(50, VERIFIER);
  judge(VERIFIER, 'mismatch');
  expect(isBarred()).toBe(true);
  expect(grid().disputes).toEqual([]);
});

describe('of three verifiers', () => {
  beforeEach(() => open(5_000, VERIFIER, SECOND, THIRD));

  test('one alone convicts nobody: the others are asked, and the device waits', () => {
    judge(VERIFIER, 'mismatch');
    expect(isBarred()).toBe(false);
    expect(asked(SECOND)).toEqual([[0]]);
    expect(asked(THIRD)).toEqual([[0]]);
    expect(asked(VERIFIER)).toEqual([]);
    bench.say(2, { type: 'request' });
    expect(bench.last(2, 'idle')?.code).toBe('disputed');
    expect(grid().disputes).toMatchObject([
      { job: JOB, unit: 0, device: PHONE, opinions: [], sealed: [VERIFIER] },
    ]);
  });

  test('two that agree convict', () => {
    judge(VERIFIER, 'mismatch');
    judge(SECOND, 'mismatch');
    expect(isBarred()).toBe(false);
    judge(THIRD, 'inconclusive');
    expect(isBarred()).toBe(true);
    expect(bench.job()).toMatchObject({ accepted: 0 });
    expect(grid()).toMatchObject({ disputes: [], faults: [], late: [] });
  });

  test('one that frames a device is found, and the device works on', () => {
    judge(VERIFIER, 'mismatch');
    judge(SECOND, 'match');
    expect(isBarred()).toBe(false);
    judge(THIRD, 'match');
    expect(isBarred()).toBe(false);
    expect(grid()).toMatchObject({ disputes: [], faults: [{ verifier: VERIFIER, count: 1 }] });
    const before = bench.last(2, 'lease')?.lease.id;
    bench.say(2, { type: 'request' });
    expect(bench.last(2, 'lease')?.lease.id).not.toBe(before);
  });

  test('one that spares a friend is found when the others check the same unit', () => {
    judge(VERIFIER, 'match');
    judge(SECOND, 'mismatch');
    expect(isBarred()).toBe(false);
    judge(THIRD, 'mismatch');
    expect(isBarred()).toBe(true);
    expect(grid().faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
  });

  test('a second opinion that says nothing leaves it open', () => {
    judge(VERIFIER, 'mismatch');
    judge(SECOND, 'inconclusive');
    judge(THIRD, 'inconclusive');
    expect(isBarred()).toBe(false);
    expect(grid().disputes).toMatchObject([{ unit: 0, opinions: [{}, {}, {}], sealed: [] }]);
  });

  test('what is in dispute and who was at fault is known after a restart', () => {
    judge(VERIFIER, 'mismatch');
    bench.restart();
    expect(grid().disputes).toMatchObject([{ unit: 0, device: PHONE }]);
    bench.join(11, SECOND, 'verifier');
    bench.wait(1_000);
    expect(asked(SECOND)).toEqual([[0]]);
    bench.join(12, THIRD, 'verifier');
    bench.join(1, VERIFIER, 'verifier');
    judge(SECOND, 'match');
    judge(THIRD, 'match');
    expect(grid().faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
    bench.restart();
    expect(grid()).toMatchObject({ disputes: [], faults: [{ verifier: VERIFIER, count: 1 }] });
  });
});

test('one of four that frames a device has one fault for it, whoever speaks last', () => {
  open(5_000, VERIFIER, SECOND, THIRD, FOURTH);
  judge(VERIFIER, 'mismatch');
  for (const key of [SECOND, THIRD, FOURTH]) judge(key, 'match');
  expect(isBarred()).toBe(false);
  expect(grid()).toMatchObject({ disputes: [], faults: [{ verifier: VERIFIER, count: 1 }] });
});

test('two that disagree hold the job, and both are shown', () => {
  open(50, VERIFIER, SECOND);
  judge(VERIFIER, 'mismatch');
  judge(SECOND, 'match');
  const through = bench.last(1, 'check')?.shard.sequence ?? -1;
  for (const socket of [1, 11]) bench.say(socket, { type: 'judged', through });
  expect(bench.job()?.state).toBe('finishing');
  expect(bench.job()?.reason).toMatch(/unit \d+ is in dispute .*says mismatch.*says match/);
  expect(grid().disputes[0]?.opinions.map(({ kind }) => kind)).toEqual(['mismatch', 'match']);
  bench.post({ type: 'command', request: 50, command: { type: 'enrol', key: THIRD } });
  bench.join(12, THIRD, 'verifier');
  bench.wait(1_000);
  expect(asked(THIRD)).toHaveLength(1);
  judge(THIRD, 'match');
  expect(bench.job()?.state).toBe('done');
});

describe('verifiers that share the checks', () => {
  const checks = { type: 'trust', trustUnits: 100, floorPpm: 20_000, sharers: 3 } as const;

  test.each([
    { enrolled: [VERIFIER], needed: 1 },
    { enrolled: [VERIFIER, SECOND], needed: 2 },
    { enrolled: [VERIFIER, SECOND, THIRD], needed: 3 },
  ])('a job waits for the marks of $needed: all that share, or all that are enrolled', (world) => {
    const { enrolled } = world;
    bench = openBench({ needsVerifier: true, verifiers: enrolled, checks });
    startJob(bench, 50);
    for (const key of enrolled.slice(1)) bench.join(SOCKETS[key] ?? 0, key, 'verifier');
    joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
    deliver(bench, 2, PHONE);
    const through = bench.last(1, 'check')?.shard.sequence ?? -1;
    for (const [at, key] of enrolled.entries()) {
      expect(bench.job()?.state).toBe('finishing');
      bench.say(SOCKETS[key] ?? 0, { type: 'judged', through });
      expect(bench.job()?.state).toBe(at + 1 === world.needed ? 'done' : 'finishing');
    }
  });
});
