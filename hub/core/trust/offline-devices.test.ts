import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { HELLO_DEADLINE_MS } from '#protocol/messages/control.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey, Signature } from '#protocol/values/ids.ts';
import { refuse } from '#protocol/values/refusal.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  deliver,
  HUB,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  SIGNED,
  speak,
  TABLET,
  VERIFIER,
  verdictOn,
} from '../fake-world.ts';
import { viewGrid } from '../hub.ts';

const NEWCOMERS = { burst: 2, unitsEach: 20 };
const WALLET = 'W'.repeat(43) as Address;
const WATCH = '55'.repeat(32) as PublicKey;

/** No device that is offline stays in memory. */
const openForgetful = () =>
  openBench({ needsVerifier: true, offlineDevicesMax: 0, newcomers: NEWCOMERS });

const command = (
  bench: Bench,
  asked: Extract<Parameters<Bench['post']>[0], { type: 'command' }>,
) => {
  bench.post(asked);
  return bench.replies.at(-1)?.result;
};

const jobOf = (number: number) => `job_${number.toString(16).padStart(16, '0')}` as JobId;

/** A job of 60 units for volunteers runs. */
function runJob(bench: Bench, number: number): void {
  bench.join(1, VERIFIER, 'verifier');
  const free = { id: jobOf(number), unitPrice: lamports(0n) };
  postJob(bench, 60, free);
  prepareJob(bench, free);
  bench.post({ type: 'command', request: 2, command: { type: 'start', job: free.id } });
}

/** A device comes, asks, and is admitted where it has to be. */
function enter(bench: Bench, socket: number, key: PublicKey): void {
  if (bench.hub().devices.get(key)?.socket !== socket) bench.join(socket, key, 'contributor');
  bench.say(socket, { type: 'request' });
  if (bench.hub().devices.get(key)?.admitting !== undefined) bench.admit(socket, 100);
}

/** All is judged, everybody goes, and what can leave the state leaves it. */
function endJob(bench: Bench, number: number): void {
  bench.join(1, VERIFIER, 'verifier');
  bench.say(1, { type: 'judged', through: bench.hub().nextSequence - 1 });
  bench.post({ type: 'command', request: 4, command: { type: 'cancel', job: jobOf(number) } });
  for (let minute = 0; minute < 12; minute += 1) bench.wait(60_000);
}

const known = (bench: Bench, key = PHONE) => bench.hub().deviceRecords.get(key);
const ofType = (bench: Bench, type: string) => bench.facts.filter((fact) => fact.type === type);
const pardon = (device = PHONE) =>
  ({ type: 'command', request: 9, command: { type: 'pardon', device, reason: 'a fan' } }) as const;
const payout = (bench: Bench, signature = SIGNED) => {
  const record = { device: PHONE, hub: HUB, recipient: WALLET, at: instant(bench.clock()) };
  const said = { type: 'payout', payout: { record, signature } } as const;
  return { type: 'command', request: 6, command: said } as const;
};

let bench: Bench;
/** A phone has worked in a job that is archived, and is gone. */
beforeEach(() => {
  bench = openForgetful();
  runJob(bench, 1);
  enter(bench, 2, PHONE);
  deliver(bench, 2, PHONE);
});

/** The only verifier finds the phone wrong before its job ends. */
const banPhone = () => speak(bench, 1, verdictOn(bench, 'mismatch'));

test('a device that is gone leaves the state when its jobs have, and comes back as it was', () => {
  bench.post({ type: 'disconnected', socket: 2 });
  bench.wait(6_000);
  const before = { ...known(bench), shards: 0 };
  expect(before).toMatchObject({ standing: 2_000_000, places: { 0: 0 } });
  endJob(bench, 1);
  expect([known(bench), bench.hub().archivedDevices]).toEqual([undefined, 1]);
  bench.restart();
  expect([known(bench), bench.hub().archivedDevices]).toEqual([undefined, 1]);
  enter(bench, 3, PHONE);
  expect(bench.last(3, 'welcome')).toBeDefined();
  expect(known(bench)).toMatchObject({ ...before, judgedWork: before.standing ?? 0 });
  expect(bench.hub().archivedDevices).toBe(0);
});

test('a device that is online, lent to, or has work in a job in memory stays', () => {
  enter(bench, 3, TABLET);
  bench.post({ type: 'disconnected', socket: 2 });
  bench.wait(1_000);
  expect([...bench.hub().deviceRecords.keys()]).toEqual([PHONE]);
  deliver(bench, 3, TABLET);
  endJob(bench, 1);
  enter(bench, 4, TABLET);
  bench.wait(1_000);
  expect([...bench.hub().deviceRecords.keys()]).toEqual([TABLET]);
});

test('a banned device that left the state stays banned, and a pardon brings it back', () => {
  banPhone();
  endJob(bench, 1);
  expect(known(bench)).toBeUndefined();
  bench.join(3, PHONE, 'contributor');
  expect(bench.last(3, 'refused')?.code).toBe('device-banned');
  expect(ofType(bench, 'device-recalled')).toEqual([]);
  bench.wait(1_000);
  bench.wait(1_000);
  expect(known(bench)).toBeUndefined();
  expect(command(bench, pardon())).toEqual({ ok: true, value: null });
  bench.wait(1_000);
  bench.join(4, PHONE, 'contributor');
  expect(bench.last(4, 'welcome')).toBeDefined();
  expect(known(bench)).toMatchObject({ bannedAt: [] });
  expect(known(bench)).not.toHaveProperty('ban');
});

test('a stranger has nothing to pardon, though devices are in the store alone', () => {
  endJob(bench, 1);
  expect(command(bench, pardon(TABLET))).toMatchObject({ refusal: { code: 'ban-unknown' } });
});

test('a device in the store says where its pay goes; a false signature does not fetch it', () => {
  endJob(bench, 1);
  const forged = payout(bench, '00'.repeat(64) as Signature);
  expect(command(bench, forged)).toMatchObject({ refusal: { code: 'signature-wrong' } });
  expect(ofType(bench, 'device-recalled')).toEqual([]);
  expect(command(bench, payout(bench))).toMatchObject({ ok: true });
  expect(known(bench)).toMatchObject({ payouts: 1, recipient: WALLET });
  expect(ofType(bench, 'device-recalled')).toHaveLength(1);
});

test('who comes back while its record is being archived waits, and finds it whole', () => {
  bench.say(1, { type: 'judged', through: 0 });
  bench.post({ type: 'command', request: 4, command: { type: 'cancel', job: jobOf(1) } });
  bench.post({ type: 'disconnected', socket: 2 });
  bench.wait(601_000);
  bench.holdDisk(true);
  bench.wait(1_000);
  bench.join(3, PHONE, 'contributor');
  expect(bench.last(3, 'welcome')).toBeUndefined();
  bench.holdDisk(false);
  expect(bench.last(3, 'welcome')).toBeDefined();
  expect(known(bench)).toMatchObject({ standing: 2_000_000 });
  const moves = bench.facts.slice(-2).map(({ type }) => type);
  expect(moves).toEqual(['device-archived', 'device-recalled']);
});

test('who waits for the same device shares one look into the store, and the newest stays', () => {
  endJob(bench, 1);
  bench.holdReads(true);
  bench.join(3, PHONE, 'contributor');
  bench.join(4, PHONE, 'contributor');
  bench.post(payout(bench));
  bench.holdReads(false);
  expect(ofType(bench, 'device-recalled')).toHaveLength(1);
  expect(bench.last(3, 'refused')?.code).toBe('already-connected');
  expect(bench.hub().devices.get(PHONE)?.socket).toBe(4);
  expect(bench.replies.at(-1)?.result).toMatchObject({ ok: true });
});

test('a device whose record does not come is told so at its deadline', () => {
  endJob(bench, 1);
  bench.holdReads(true);
  bench.join(3, PHONE, 'contributor');
  bench.wait(HELLO_DEADLINE_MS + 1);
  expect(bench.last(3, 'refused')?.code).toBe('busy');
  bench.holdReads(false);
  expect([bench.last(3, 'welcome'), bench.hub().recalls.size]).toEqual([undefined, 0]);
  bench.join(4, PHONE, 'contributor');
  expect(bench.last(4, 'welcome')).toBeDefined();
});

test('a store that fails is told to all who wait, and asked again by the next', () => {
  endJob(bench, 1);
  bench.holdReads(true);
  bench.join(3, PHONE, 'contributor');
  bench.post(payout(bench));
  const found = refuse('storage-failed', 'the disk is broken');
  bench.post({ type: 'loaded', device: PHONE, found });
  expect(bench.last(3, 'refused')?.message).toBe('the disk is broken');
  expect(bench.replies.at(-1)?.result).toEqual(found);
  bench.holdReads(false);
  bench.join(4, PHONE, 'contributor');
  expect(bench.last(4, 'welcome')).toBeDefined();
});

test('a hello said twice while the first one waits ends the session', () => {
  endJob(bench, 1);
  bench.holdReads(true);
  bench.join(3, PHONE, 'contributor');
  const { nonce = '', hub } = bench.last(3, 'challenge') ?? {};
  const claim = { version: 1, role: 'contributor', key: PHONE, hub, nonce } as const;
  bench.post({
    type: 'received',
    socket: 3,
    message: { type: 'hello', claim, signature: SIGNED } as never,
  });
  expect(bench.last(3, 'refused')?.code).toBe('message-out-of-order');
});

test('devices past a thousand that are looked up are told to come again', () => {
  endJob(bench, 1);
  bench.holdReads(true);
  const keyOf = (number: number) => number.toString(16).padStart(64, '0') as PublicKey;
  for (let number = 0; number < 1_001; number += 1) {
    bench.join(100 + number, keyOf(number), 'contributor');
  }
  expect(bench.last(1_099, 'refused')).toBeUndefined();
  expect(bench.last(1_100, 'refused')?.code).toBe('busy');
});

/** The last to leave are the last to be archived, and as many stay as may. */
test('of devices that are offline the longest gone leave first', () => {
  bench = openBench({ needsVerifier: true, offlineDevicesMax: 1 });
  runJob(bench, 1);
  for (const [socket, key] of [
    [2, PHONE],
    [3, TABLET],
    [4, WATCH],
  ] as const) {
    enter(bench, socket, key);
    deliver(bench, socket, key);
  }
  for (const socket of [3, 4, 2]) bench.post({ type: 'disconnected', socket });
  endJob(bench, 1);
  expect([...bench.hub().deviceRecords.keys()]).toEqual([PHONE]);
});

const KEYS = [PHONE, TABLET, WATCH];
const ACTS = ['work', 'work', 'leave', 'ban', 'pardon', 'pay', 'end', 'restart'] as const;

/** Does what a step says, with one job after another. */
function play(made: Bench, steps: readonly { device: number; act: (typeof ACTS)[number] }[]): void {
  let job = 1;
  runJob(made, job);
  for (const { device, act } of steps) {
    const [key = PHONE, socket] = [KEYS[device], 10 + device];
    if (act === 'work') {
      enter(made, socket, key);
      const lease = made.last(socket, 'lease')?.lease;
      if (lease && made.hub().leases.has(lease.id)) deliver(made, socket, key);
    }
    if (act === 'leave') made.post({ type: 'disconnected', socket });
    if (act === 'ban' && made.last(1, 'check') && made.hub().verifiers.size > 0) {
      speak(made, 1, verdictOn(made, 'mismatch'));
    }
    if (act === 'pardon') made.post(pardon(key));
    if (act === 'pay') {
      const record = { device: key, hub: HUB, recipient: WALLET, at: instant(made.clock()) };
      const said = { type: 'payout', payout: { record, signature: SIGNED } } as const;
      made.post({ type: 'command', request: 6, command: said });
    }
    if (act === 'end') {
      endJob(made, job);
      job += 1;
      runJob(made, job);
    }
    if (act === 'restart') {
      made.restart();
      made.join(1, VERIFIER, 'verifier');
    }
    made.wait(1_000);
  }
}

test('what is decided is the same, whether offline devices stay in memory or not', () => {
  const step = fc.record({ device: fc.nat(2), act: fc.constantFrom(...ACTS) });
  let archived = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      const told = [0, Infinity].map((offlineDevicesMax) => {
        const made = openBench({ needsVerifier: true, offlineDevicesMax, newcomers: NEWCOMERS });
        play(made, steps);
        archived += ofType(made, 'device-archived').length;
        return {
          facts: made.facts.filter(({ type }) => !/^device-/.test(type)),
          sent: [...made.sent],
          replies: made.replies,
          places: viewGrid(made.hub()).newcomers,
        };
      });
      expect(told[0]).toEqual(told[1]);
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect(archived).toBeGreaterThan(0);
});
