import { beforeEach, expect, test } from 'vitest';
import type { ProfileRecord } from '#protocol/api/profiles.ts';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import {
  type Bench,
  deliver,
  HUB,
  joinWorker,
  openBench,
  PHONE,
  SIGNED,
  startJob,
  TABLET,
  verdictOn,
} from '../fake-world.ts';
import { viewProfile, viewTeams } from '../views.ts';

let bench: Bench;
/** Two devices of which a shard each was accepted. */
beforeEach(() => {
  bench = openBench();
  startJob(bench, 1_000);
  for (const [socket, key] of [
    [2, PHONE],
    [3, TABLET],
  ] as const) {
    joinWorker(bench, socket, { key, unitMs: 100 });
    deliver(bench, socket, key);
  }
});

let drawn = 0;
/** What the hub answers: `ok`, or the code and the sentence of its refusal. */
function choose(
  device: PublicKey,
  words: Partial<Pick<ProfileRecord, 'name' | 'team' | 'at' | 'hub'>>,
  signature: Signature = SIGNED,
): string {
  drawn += 1;
  const record = { device, hub: HUB, at: instant(bench.clock() + drawn), ...words };
  const command = { type: 'profile', profile: { record, signature } } as const;
  bench.post({ type: 'command', request: 9, command });
  const { result } = bench.replies.at(-1) ?? {};
  if (result === undefined) throw new Error('nothing was answered');
  return result.ok ? 'ok' : `${result.refusal.code} ${result.refusal.message}`;
}
const teams = () => viewTeams(bench.hub()).teams;
const unitsOf = (device: PublicKey) => viewProfile(bench.hub(), device)?.units;

test('nobody has a profile before he chooses one, and units count from then on', () => {
  expect([viewProfile(bench.hub(), PHONE), teams()]).toEqual([undefined, []]);
  expect(choose(PHONE, { name: 'Ann', team: 'Red Team' })).toBe('ok');
  expect(viewProfile(bench.hub(), PHONE)).toMatchObject({
    name: 'Ann',
    team: 'Red Team',
    units: 0,
  });
  bench.say(2, { type: 'request' });
  const units = bench.last(2, 'lease')?.lease.unitCount ?? 0;
  deliver(bench, 2, PHONE);
  expect(unitsOf(PHONE)).toBe(units);
  expect(choose(TABLET, { team: 'Red Team' })).toBe('ok');
  expect(teams()).toEqual([{ name: 'Red Team', members: 2, units }]);
});

test('another name keeps what was counted, and removing it removes all', () => {
  choose(PHONE, { name: 'Ann' });
  bench.say(2, { type: 'request' });
  deliver(bench, 2, PHONE);
  const units = unitsOf(PHONE);
  expect(units).toBeGreaterThan(0);
  expect(choose(PHONE, { name: 'Annie' })).toBe('ok');
  expect(viewProfile(bench.hub(), PHONE)).toMatchObject({ name: 'Annie', units });
  expect(choose(PHONE, {})).toBe('ok');
  expect(viewProfile(bench.hub(), PHONE)).toBeUndefined();
  expect(choose(TABLET, { name: 'Annie' })).toBe('ok');
});

test('a restart changes nothing', () => {
  choose(PHONE, { name: 'Ann', team: 'Red Team' });
  bench.say(2, { type: 'request' });
  deliver(bench, 2, PHONE);
  const before = viewProfile(bench.hub(), PHONE);
  bench.restart();
  expect(viewProfile(bench.hub(), PHONE)).toEqual(before);
});

test('void units count no more', () => {
  choose(PHONE, { name: 'Ann' });
  bench.say(2, { type: 'request' });
  deliver(bench, 2, PHONE);
  expect(unitsOf(PHONE)).toBeGreaterThan(0);
  bench.say(1, { type: 'verdict', signed: verdictOn(bench, 'mismatch') });
  bench.wait(1_000);
  expect(unitsOf(PHONE)).toBe(0);
  expect(choose(PHONE, { name: 'Bob' })).toMatch(/^profile-refused this device is banned/);
  // Taking it back is always possible.
  expect(choose(PHONE, {})).toBe('ok');
});

test.each([
  ['Ann', 'is taken, or looks like'],
  ['ANN', 'is taken, or looks like'],
  ['Α' + 'nn', 'is taken, or looks like'],
  ['Operator', 'is taken, or looks like'],
  ['0perat0r', 'is taken, or looks like'],
])('the name %s is refused to another device', (name, message) => {
  choose(PHONE, { name: 'Ann' });
  expect(choose(TABLET, { name })).toContain(message);
  expect(viewProfile(bench.hub(), TABLET)).toBeUndefined();
});

test('a team is joined by its name as it is written, and a like one is refused', () => {
  choose(PHONE, { team: 'Red Team' });
  expect(choose(TABLET, { team: 'red-team' })).toContain('write it so to join it');
  expect(choose(TABLET, { team: 'Pocketgrid' })).toContain('looks like the grid itself');
  expect(choose(TABLET, { team: 'Red Team' })).toBe('ok');
});

test('a word that is old, of another hub, unsigned or of a stranger is refused', () => {
  const stranger = 'ee'.repeat(32) as PublicKey;
  expect(choose(stranger, { name: 'Eve' })).toContain('devices with accepted work');
  expect(choose(PHONE, { name: 'Ann' }, '00'.repeat(64) as Signature)).toMatch(/^signature-wrong/);
  expect(choose(PHONE, { name: 'Ann', at: instant(bench.clock() - 700_000) })).toContain(
    'set the clock',
  );
  expect(choose(PHONE, { name: 'Ann', hub: stranger })).toContain('key of the hub');
  const at = instant(bench.clock() + 100);
  expect(choose(PHONE, { name: 'Ann', at })).toBe('ok');
  expect(choose(PHONE, { name: 'Bob', at })).toContain('a newer word');
});

test('what is on its way to the disk is taken already', () => {
  bench.holdDisk(true);
  drawn += 1;
  const asked = bench.replies.length;
  const post = (device: PublicKey) => {
    const record = { device, hub: HUB, at: instant(bench.clock() + drawn), name: 'Ann' };
    const command = { type: 'profile', profile: { record, signature: SIGNED } } as const;
    bench.post({ type: 'command', request: 9, command });
  };
  post(PHONE);
  expect(bench.replies).toHaveLength(asked);
  post(TABLET);
  expect(bench.replies.at(-1)?.result).toMatchObject({ refusal: { code: 'profile-refused' } });
  bench.holdDisk(false);
  expect(viewProfile(bench.hub(), PHONE)?.name).toBe('Ann');
});
