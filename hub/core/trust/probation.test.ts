import { expect, test } from 'vitest';
import { CHECK_POLICY_DEFAULT, NEWCOMER_POLICY } from '#protocol/checks/check-policy.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  SIGNED,
  startJob,
  TABLET,
  verdictOn,
} from '../fake-world.ts';
import { viewGrid } from '../hub.ts';

const LAPTOP = '44'.repeat(32) as PublicKey;
const UNITS = 100_000;

/** A hub with so many places, whose verifier on socket 1 says what the test has it say. */
function open(burst: number, unitsEach: number = NEWCOMER_POLICY.unitsEach): Bench {
  const newcomers = { burst, unitsEach };
  const bench = openBench({ needsVerifier: true, checks: CHECK_POLICY_DEFAULT, newcomers });
  startJob(bench, UNITS);
  return bench;
}
const view = (bench: Bench) => viewGrid(bench.hub()).newcomers;
const idle = (bench: Bench, socket: number) => bench.last(socket, 'idle')?.reason.code;
const judge = (bench: Bench): void => {
  bench.say(1, { type: 'judged', through: bench.last(1, 'check')?.shard.sequence ?? -1 });
};
/** Joins and asks for work; it may have to wait. */
function ask(bench: Bench, socket: number, key: PublicKey): void {
  bench.join(socket, key, 'contributor');
  bench.say(socket, { type: 'request' });
}
const leave = (bench: Bench, socket: number): void => {
  bench.post({ type: 'disconnected', socket });
  bench.wait(6_000);
};

test('strangers that send garbage keep nobody out for long, and burn no places', () => {
  const burst = 30;
  const bench = open(burst);
  const strangers = Array.from({ length: 10 * burst }, (_, at) => ({
    socket: 100 + at,
    key: at.toString(16).padStart(64, '0') as PublicKey,
  }));
  for (const { socket, key } of strangers) ask(bench, socket, key);
  ask(bench, 2, PHONE);
  const keyOf = new Map(strangers.map(({ socket, key }) => [socket, key]));
  let judged = 0;
  const step = (): void => {
    for (const [socket, key] of keyOf) {
      const isHere = bench.hub().devices.get(key);
      if (isHere?.admitting !== undefined) bench.admit(socket, 100);
      if ((isHere?.leases.size ?? 0) > 0) deliver(bench, socket, key);
    }
    // A verifier that finds ten devices out each second.
    const checks = (bench.sent.get(1) ?? []).flatMap((each) => (each.type === 'check' ? each : []));
    for (const { shard } of checks.slice(judged, judged + 10)) {
      const { verdict, signature } = verdictOn(bench, 'mismatch');
      const { lease, device, firstUnit: unit } = shard;
      bench.say(1, {
        type: 'verdict',
        signed: { verdict: { ...verdict, lease, device, unit }, signature },
      });
      judged += 1;
    }
    bench.wait(1_000);
  };
  let seconds = 0;
  for (; bench.last(2, 'admit') === undefined && seconds < 100; seconds += 1) step();
  expect(seconds).toBeLessThanOrEqual(60);
  bench.admit(2, 100);
  expect(bench.last(2, 'lease')).toBeDefined();
  for (; judged < strangers.length && seconds < 100; seconds += 1) step();
  bench.wait(60_000);
  // A hundredth of a place each.
  expect(view(bench)).toMatchObject({ places: burst, waiting: 0 });
  expect(view(bench)?.taken).toBeLessThanOrEqual(3);
});

test('a visitor that leaves before its probation is over gives its place back', () => {
  const bench = open(1);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  ask(bench, 3, TABLET);
  expect(idle(bench, 3)).toBe('newcomers-full');
  deliver(bench, 2, PHONE);
  leave(bench, 2);
  // Its shard still waits for the verifier.
  expect(bench.last(3, 'admit')).toBeUndefined();
  judge(bench);
  bench.wait(1_000);
  expect(bench.last(3, 'admit')).toBeDefined();
});

test('a device has its place for good when its first 75 units are judged, and no sooner', () => {
  const bench = open(1);
  joinWorker(bench, 2, { key: PHONE, unitMs: 40 });
  // The first two shards are all of its probation: nothing more before they are judged.
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  expect(bench.job()?.accepted).toBe(75);
  expect([idle(bench, 2), bench.last(2, 'lease')?.lease.firstUnit]).toEqual(['unjudged', 50]);
  judge(bench);
  expect(bench.last(2, 'lease')?.lease.firstUnit).toBe(75);
  deliver(bench, 2, PHONE);
  judge(bench);
  leave(bench, 2);
  expect(view(bench)).toMatchObject({ taken: 1 });
  ask(bench, 3, TABLET);
  expect(idle(bench, 3)).toBe('newcomers-full');
  bench.restart();
  expect(view(bench)).toMatchObject({ taken: 1 });
});

test('a device that lets its lease expire, or does nothing, loses its seat to who waits', () => {
  const bench = open(1);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  ask(bench, 3, TABLET);
  const beat = (): void => {
    for (const socket of [1, 2, 3]) bench.say(socket, { type: 'beat' });
    bench.wait(1_000);
  };
  for (let second = 0; bench.last(3, 'admit') === undefined && second < 40; second += 1) beat();
  bench.admit(3, 100);
  deliver(bench, 3, TABLET);
  judge(bench);
  // The tablet asks for nothing more: half a minute later its seat is free.
  ask(bench, 4, LAPTOP);
  expect(idle(bench, 4)).toBe('newcomers-full');
  for (let second = 0; bench.last(4, 'admit') === undefined && second < 40; second += 1) beat();
  expect(bench.last(4, 'admit')).toBeDefined();
});

test('who takes minutes to try a model lets others pass', () => {
  const bench = open(1);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  ask(bench, 3, TABLET);
  ask(bench, 4, LAPTOP);
  leave(bench, 2);
  expect(bench.last(3, 'admit')).toBeDefined();
  expect(idle(bench, 4)).toBe('newcomers-full');
  for (let second = 0; second < 62; second += 1) {
    for (const socket of [1, 3, 4]) bench.say(socket, { type: 'beat' });
    bench.wait(1_000);
  }
  expect(bench.last(4, 'admit')).toBeDefined();
});

test('probation that are checked use places, which come back within a day', () => {
  const bench = open(1);
  // Five visitors, 61 units each: more than the 300 that a place is worth.
  for (let visitor = 0; visitor < 5; visitor += 1) {
    const key = `a${visitor}`.repeat(32) as PublicKey;
    joinWorker(bench, 10 + visitor, { key, unitMs: 33 });
    deliver(bench, 10 + visitor, key);
    judge(bench);
    leave(bench, 10 + visitor);
  }
  ask(bench, 2, PHONE);
  expect(idle(bench, 2)).toBe('newcomers-full');
  expect(view(bench)).toMatchObject({ places: 1, taken: 1 });
  bench.restart();
  expect(view(bench)).toMatchObject({ places: 1, taken: 1 });
  bench.wait(86_400_000);
  expect(view(bench)).toMatchObject({ places: 1, taken: 0 });
});

test('a device on probation has units of one cost at a time', () => {
  const bench = open(1);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const cheap = `job_${'2'.repeat(16)}` as JobId;
  postJob(bench, 5_000, { id: cheap, file: '7', autoStart: true, unitPrice: lamports(0n) });
  prepareJob(bench, { id: cheap, unitMs: 1 });
  // It has a lease of the dear model, and is admitted to the cheap one alone.
  bench.post({ type: 'command', request: 9, command: { type: 'cancel', job: JOB } });
  expect(bench.hub().leases.size).toBe(0);
  bench.say(2, { type: 'request' });
  bench.admit(2, 1);
  const first = bench.last(2, 'lease')?.lease;
  expect([first?.job, first?.unitCount]).toEqual([cheap, 75]);
  const dear = `job_${'3'.repeat(16)}` as JobId;
  postJob(bench, 5_000, { id: dear, file: '8', autoStart: true, unitPrice: lamports(0n) });
  prepareJob(bench, { id: dear, unitMs: 100 });
  bench.say(2, { type: 'request' });
  bench.admit(2, 100);
  expect([idle(bench, 2), bench.last(2, 'lease')?.lease.job]).toEqual(['unjudged', cheap]);
  deliver(bench, 2, PHONE);
  judge(bench);
  bench.wait(1_000);
  expect(bench.last(2, 'lease')?.lease.job).toBe(dear);
});

test('a device links an address for its pay when its probation is over', () => {
  const bench = open(1);
  joinWorker(bench, 2, { key: PHONE, unitMs: 40 });
  const link = () => {
    const record = {
      device: PHONE,
      hub: bench.hub().config.hub,
      recipient: 'W'.repeat(43) as Address,
      at: instant(bench.clock()),
    };
    const command = { type: 'payout', payout: { record, signature: SIGNED } } as const;
    bench.post({ type: 'command', request: 5, command });
    return bench.replies.at(-1)?.result;
  };
  for (let shard = 0; shard < 2; shard += 1) {
    deliver(bench, 2, PHONE);
    judge(bench);
    expect(link()).toMatchObject({ ok: false, refusal: { code: 'payout-refused' } });
    bench.say(2, { type: 'request' });
  }
  deliver(bench, 2, PHONE);
  expect(link()).toMatchObject({ ok: true });
});
