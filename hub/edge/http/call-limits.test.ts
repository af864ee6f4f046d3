import { beforeEach, expect, test } from 'vitest';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { type CallLimits, openCallLimits, rateHeaders, type TakenCall } from './call-limits.ts';

const HERE = '203.0.113.7';
let now: number;
let limits: CallLimits;
beforeEach(() => {
  now = 5_000;
  limits = openCallLimits(() => now);
});
/** Calls that go through before one does not. */
function spend(address: string, cost: number): number {
  let calls = 0;
  while (calls < 5_000 && limits.take(address, cost) === undefined) calls += 1;
  return calls;
}

test('an address may call some times at once, and then as time gives it back', () => {
  expect(spend(HERE, 50)).toBe(20);
  const refused = limits.take(HERE, 50);
  expect(refused?.seconds).toBe(1);
  expect(refused?.refusal).toMatchObject({ code: 'message-rate' });
  expect(refused?.refusal.message).toMatch(/ask again in 1 s/);
  now += 1_000;
  expect(spend(HERE, 50)).toBe(2);
  now += 3_600_000;
  expect(spend(HERE, 50)).toBe(20);
});

test('the wait that is told is long enough', () => {
  spend(HERE, 1);
  const seconds = limits.take(HERE, 350)?.seconds ?? 0;
  expect(seconds).toBe(4);
  now += seconds * 1_000;
  expect(limits.take(HERE, 350)).toBeUndefined();
});

test('other addresses are not held up, and what costs nothing is never refused', () => {
  spend(HERE, 50);
  expect(limits.take('203.0.113.8', 50)).toBeUndefined();
  expect(limits.take(HERE, 0)).toBeUndefined();
});

test.each([
  ['::ffff:203.0.113.7', true],
  ['2001:db8:1:2::9', false],
])('%s is one with 203.0.113.7: %s', (address, same) => {
  spend(HERE, 50);
  expect(limits.take(address, 50) !== undefined).toBe(same);
});

test('all addresses of one IPv6 network share a bucket, however they are written', () => {
  expect(spend('2001:db8:1:2::9', 50)).toBe(20);
  expect(limits.take('2001:0db8:1:2:ffff::1', 50)).toBeDefined();
  expect(limits.take('2001:db8:1:3::9', 50)).toBeUndefined();
});

test.each([
  ['with a run of zeros', '2001::1', '2001:0:0:0:7::5'],
  ['with an IPv4 address at its end', '64:ff9b:1:2::203.0.113.7', '64:ff9b:1:2::8'],
  ['with a zone', 'fe80::1%eth0', 'fe80::2'],
])('an IPv6 address %s shares the bucket of its network', (_, one, other) => {
  spend(one, 50);
  expect(limits.take(other, 50)).toBeDefined();
});

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', undefined])('%s has no limit', (address) => {
  for (let call = 0; call < 100; call += 1) expect(limits.take(address, 50)).toBeUndefined();
});

test('addresses are remembered within a bound, those that called last', () => {
  spend(HERE, 50);
  const others = (count: number) => {
    for (let at = 0; at < count; at += 1) limits.take(`198.18.${at >> 8}.${at & 255}`, 1);
  };
  others(9_999);
  expect(limits.take(HERE, 50)).toBeDefined();
  others(10_000);
  expect(limits.take(HERE, 50)).toBeUndefined();
});

test('a key with a rate is told how it stands, and one without is told nothing', () => {
  const key = { id: 'dev_0000000000000001' as DeveloperId, name: 'k', callsPerMinute: 120 };
  const take = () => limits.takeCall(key) as TakenCall;
  const told = () => Object.values(rateHeaders(take()));
  expect(told()).toEqual(['120', '119', '500ms']);
  expect(told()).toEqual(['120', '118', '1s']);
  for (let call = 2; call < 120; call += 1) expect(take().late).toBeUndefined();
  const refused = take();
  expect(Object.values(rateHeaders(refused))).toEqual(['120', '0', '1m0s']);
  expect(refused.late).toMatchObject({ seconds: 1, refusal: { code: 'message-rate' } });
  now += 30_000;
  expect(told()).toEqual(['120', '59', '31s']);
  expect(limits.takeCall({ id: key.id, name: 'k' })).toBeUndefined();
});
