import { beforeEach, expect, test } from 'vitest';
import type { PublicKey } from '#protocol/ids.ts';
import type { Verdict } from '#protocol/records.ts';
import { instant } from '#protocol/units.ts';
import { viewDispute } from './appeals.ts';
import {
  type Bench,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  SIGNED,
  sealVerdict,
  speak,
  startJob,
  VERIFIER,
  verdictOn,
} from './fake-world.ts';

const DAY = 24 * 3_600_000;
const SECOND = 'b2'.repeat(32) as PublicKey;
const THIRD = 'b3'.repeat(32) as PublicKey;
const SOCKETS: Record<string, number> = { [VERIFIER]: 1, [SECOND]: 11, [THIRD]: 12 };

let bench: Bench;
/** One verifier is enrolled, and convicts the phone, rightly or not. */
beforeEach(() => {
  bench = openBench({ needsVerifier: true, verifiers: [VERIFIER] });
  startJob(bench, 5_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  speak(bench, 1, verdictOn(bench, 'mismatch'));
});

function enrol(...keys: PublicKey[]): void {
  for (const key of keys) {
    bench.post({ type: 'command', request: 8, command: { type: 'enrol', key } });
    bench.join(SOCKETS[key] ?? 0, key, 'verifier');
  }
}

function dispute(at = bench.clock()) {
  const record = { device: PHONE, at: instant(at) };
  const command = { type: 'dispute', record, signature: SIGNED } as const;
  bench.post({ type: 'command', request: 9, command });
  return bench.replies.at(-1)?.result;
}

const isBarred = () => bench.hub().barred.has(PHONE);
const asked = (key: PublicKey) => bench.last(SOCKETS[key] ?? 0, 'check')?.units;
const say = (key: PublicKey, kind: Verdict['kind']) =>
  speak(bench, SOCKETS[key] ?? 0, verdictOn(bench, kind, key));

test('a wrong conviction is overturned by two that had not spoken', () => {
  expect(isBarred()).toBe(true);
  enrol(SECOND, THIRD);
  expect(dispute()).toMatchObject({ ok: true });
  expect(asked(SECOND)).toEqual([0]);
  expect(asked(THIRD)).toEqual([0]);
  say(SECOND, 'match');
  expect(isBarred()).toBe(true);
  say(THIRD, 'match');
  expect(isBarred()).toBe(false);
  expect(bench.hub().faults.get(VERIFIER)).toBeGreaterThan(0);
  expect(bench.hub().faults.get(VERIFIER)).toBe(1);
  expect(viewDispute(bench.hub(), PHONE)).toMatchObject({ state: 'overturned', inFavour: 2 });
  bench.join(2, PHONE, 'contributor');
  expect(bench.last(2, 'welcome')).toBeDefined();
});

test('who convicted wrongly has one fault for it, whichever way it is found', () => {
  const others = ['c1', 'c2', 'c3'].map((byte) => byte.repeat(32) as PublicKey);
  for (const [at, key] of others.entries()) SOCKETS[key] = 21 + at;
  bench = openBench({ needsVerifier: true, verifiers: [VERIFIER, SECOND] });
  startJob(bench, 5_000);
  bench.join(11, SECOND, 'verifier');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  say(VERIFIER, 'mismatch');
  say(SECOND, 'mismatch');
  expect(isBarred()).toBe(true);
  enrol(...others);
  expect(dispute()).toMatchObject({ ok: true });
  for (const key of others) say(key, 'match');
  expect(isBarred()).toBe(false);
  expect([VERIFIER, SECOND].map((key) => bench.hub().faults.get(key))).toEqual([1, 1]);
});

test('a right one is upheld, and is not disputed twice', () => {
  enrol(SECOND, THIRD);
  dispute();
  say(SECOND, 'mismatch');
  expect(viewDispute(bench.hub(), PHONE)).toMatchObject({ state: 'open', against: 1 });
  say(THIRD, 'match');
  expect(isBarred()).toBe(true);
  expect(viewDispute(bench.hub(), PHONE)).toMatchObject({ state: 'upheld', against: 2 });
  expect(dispute()).toMatchObject({ ok: false, refusal: { code: 'dispute-closed' } });
});

test('one that can say nothing is not waited for again, before a restart and after it', () => {
  enrol(SECOND, THIRD);
  dispute();
  say(SECOND, 'inconclusive');
  say(THIRD, 'match');
  expect(viewDispute(bench.hub(), PHONE).state).toBe('upheld');
  bench.restart();
  expect(viewDispute(bench.hub(), PHONE)).toMatchObject({ state: 'upheld', against: 2 });
});

test('it stays open over a restart, and lifts the bar for good', () => {
  enrol(SECOND, THIRD);
  dispute();
  say(SECOND, 'match');
  const [second, third] = [SECOND, THIRD].map((key) => verdictOn(bench, 'match', key));
  if (second === undefined || third === undefined) throw new Error('nobody speaks');
  bench.restart();
  expect(viewDispute(bench.hub(), PHONE).state).toBe('open');
  bench.join(12, THIRD, 'verifier');
  bench.wait(1_000);
  expect(asked(THIRD)).toEqual([0]);
  speak(bench, 12, third);
  expect(isBarred()).toBe(true);
  bench.join(11, SECOND, 'verifier');
  sealVerdict(bench, 11, second);
  expect(isBarred()).toBe(false);
  bench.restart();
  expect(isBarred()).toBe(false);
});

test('nobody is asked twice, and a verdict on other bytes is refused', () => {
  enrol(SECOND, THIRD);
  dispute();
  const count = () => (bench.sent.get(11) ?? []).filter(({ type }) => type === 'check').length;
  const before = count();
  bench.wait(5_000);
  expect(count()).toBe(before);
  const signed = verdictOn(bench, 'match', SECOND);
  const other = 'ee'.repeat(32) as Verdict['claimed'];
  const verdict = { ...signed.verdict, claimed: other, reference: other };
  bench.say(11, { type: 'verdict', signed: { ...signed, verdict } });
  expect(bench.last(11, 'declined')?.code).toBe('result-digest');
});

test.each([
  { when: 'no other verifier is enrolled', run: () => dispute() },
  {
    when: 'a week has passed',
    run: () => {
      enrol(SECOND);
      bench.wait(8 * DAY);
      return dispute();
    },
  },
])('it cannot be disputed when $when', ({ run }) => {
  expect(run()).toMatchObject({ ok: false, refusal: { code: 'dispute-closed' } });
});

test('a dispute that was signed at another time is refused', () => {
  enrol(SECOND);
  const late = dispute(bench.clock() - 3_600_000);
  expect(late).toMatchObject({ ok: false, refusal: { code: 'request-invalid' } });
});
