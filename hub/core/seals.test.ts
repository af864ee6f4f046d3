import { beforeEach, describe, expect, test } from 'vitest';
import { digestSeal } from '#protocol/digest.ts';
import type { Digest, PublicKey } from '#protocol/ids.ts';
import type { SignedVerdict, Verdict } from '#protocol/records.ts';
import {
  type Bench,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  SIGNED,
  sealVerdict,
  startJob,
  VERIFIER,
  verdictOn,
} from './fake-world.ts';
import { viewGrid } from './hub.ts';

const SECOND = 'b2'.repeat(32) as PublicKey;
const THIRD = 'b3'.repeat(32) as PublicKey;
const SOCKETS: Record<string, number> = { [VERIFIER]: 1, [SECOND]: 11, [THIRD]: 12 };
const socketOf = (key: PublicKey): number => SOCKETS[key] ?? 0;

let bench: Bench;
/** Three verifiers are online, and a phone has delivered a shard. */
beforeEach(() => {
  bench = openBench({ needsVerifier: true, verifiers: [VERIFIER, SECOND, THIRD] });
  startJob(bench, 5_000);
  for (const key of [SECOND, THIRD]) bench.join(socketOf(key), key, 'verifier');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
});

const seal = (key: PublicKey, kind: Verdict['kind']): void =>
  sealVerdict(bench, socketOf(key), verdictOn(bench, kind, key));
const tell = (key: PublicKey, signed: SignedVerdict): void =>
  bench.say(socketOf(key), { type: 'verdict', signed });
const refused = (key: PublicKey) => bench.last(socketOf(key), 'declined')?.code;
const isBarred = () => bench.hub().barred.has(PHONE);
const grid = () => viewGrid(bench.hub());
/** Verdicts that anybody could read. */
const published = () => bench.facts.flatMap((fact) => (fact.type === 'verdict' ? [fact] : []));
/** What another verifier said, under this one's name. */
const copyOf = (key: PublicKey): SignedVerdict => {
  const [first] = published();
  if (first === undefined) throw new Error('nothing can be copied');
  return { ...first.signed, verdict: { ...first.signed.verdict, verifier: key } };
};

/** Time passes, and whoever is online says so. */
function wait(ms: number): void {
  for (let passed = 0; passed < ms; passed += 10_000) {
    for (const key of bench.hub().verifiers.keys()) bench.say(socketOf(key), { type: 'beat' });
    bench.wait(Math.min(10_000, ms - passed));
  }
}

test('nothing can be read before all that are online have sealed, and then all is', () => {
  seal(VERIFIER, 'mismatch');
  seal(SECOND, 'mismatch');
  bench.wait(1_000);
  expect([published(), grid().disputes]).toMatchObject([[], [{ sealed: [VERIFIER, SECOND] }]]);
  expect(bench.last(1, 'unseal')).toBeUndefined();
  seal(THIRD, 'match');
  expect(published()).toHaveLength(3);
  expect(isBarred()).toBe(true);
  expect(grid().faults).toEqual([{ verifier: THIRD, count: 1 }]);
});

describe('a verifier that copies', () => {
  test('what it can read comes too late: a framed device stays, and the copy is known as one', () => {
    seal(VERIFIER, 'mismatch');
    seal(SECOND, 'match');
    wait(179_000);
    expect(published()).toEqual([]);
    wait(2_000);
    expect(published()).toHaveLength(2);
    tell(THIRD, copyOf(THIRD));
    expect(refused(THIRD)).toBe('seal-late');
    expect(isBarred()).toBe(false);
    expect(grid()).toMatchObject({ disputes: [{}], late: [{ verifier: THIRD, count: 1 }] });
    bench.restart();
    expect(isBarred()).toBe(false);
    expect(grid()).toMatchObject({ disputes: [{}], late: [{ verifier: THIRD, count: 1 }] });
  });

  test('without having sealed anything is refused', () => {
    seal(VERIFIER, 'mismatch');
    tell(THIRD, verdictOn(bench, 'match', THIRD));
    expect(refused(THIRD)).toBe('seal-missing');
    tell(SECOND, verdictOn(bench, 'mismatch', SECOND));
    expect(refused(SECOND)).toBe('seal-missing');
    expect(published()).toEqual([]);
  });

  test('and changes what it has sealed is refused, and what it sealed does not count either', () => {
    seal(VERIFIER, 'mismatch');
    seal(SECOND, 'match');
    // It opens nothing: what it sealed is not what it says.
    const sealed = verdictOn(bench, 'match', THIRD);
    const record = { verifier: THIRD, lease: sealed.verdict.lease, unit: 0 };
    const signed = { record: { ...record, seal: digestSeal(sealed) }, signature: SIGNED };
    bench.say(socketOf(THIRD), { type: 'seal', signed });
    expect(published()).toHaveLength(2);
    tell(THIRD, copyOf(THIRD));
    expect(refused(THIRD)).toBe('seal-mismatch');
    expect(isBarred()).toBe(false);
    wait(61_000);
    expect(grid()).toMatchObject({ disputes: [{}], late: [{ verifier: THIRD, count: 1 }] });
    tell(THIRD, sealed);
    expect([refused(THIRD), grid().faults]).toEqual(['seal-late', []]);
  });

  test('only the kind, unread, is found by the reference it cannot know', () => {
    seal(VERIFIER, 'mismatch');
    seal(SECOND, 'mismatch');
    const { verdict, signature } = verdictOn(bench, 'mismatch', THIRD);
    const guess = { ...verdict, reference: '03'.repeat(32) as Digest };
    sealVerdict(bench, socketOf(THIRD), { verdict: guess, signature });
    expect(isBarred()).toBe(true);
    expect(grid().faults).toEqual([{ verifier: THIRD, count: 1 }]);
  });
});

test('two that framed a device by guesses do not agree', () => {
  seal(VERIFIER, 'mismatch');
  seal(SECOND, 'match');
  const { verdict, signature } = verdictOn(bench, 'mismatch', THIRD);
  const guess = { ...verdict, reference: '03'.repeat(32) as Digest };
  sealVerdict(bench, socketOf(THIRD), { verdict: guess, signature });
  expect(published()).toHaveLength(3);
  expect(isBarred()).toBe(false);
  expect(grid().disputes).toHaveLength(1);
});

test('a seal that nothing bears out ends in no dispute', () => {
  seal(VERIFIER, 'match');
  expect(grid().disputes).toHaveLength(1);
  seal(SECOND, 'match');
  seal(THIRD, 'match');
  expect(grid()).toMatchObject({ disputes: [], faults: [], late: [] });
});

test('seals outlive a restart, and nobody else may seal once some are open', () => {
  seal(VERIFIER, 'mismatch');
  seal(SECOND, 'mismatch');
  const again = verdictOn(bench, 'mismatch');
  const third = verdictOn(bench, 'match', THIRD);
  const other = verdictOn(bench, 'match', SECOND);
  bench.restart();
  expect(grid().disputes).toMatchObject([{ sealed: [VERIFIER, SECOND] }]);
  bench.join(12, THIRD, 'verifier');
  bench.wait(1_000);
  expect(bench.last(12, 'check')).toMatchObject({ units: [0], seal: true });
  expect(published()).toEqual([]);
  sealVerdict(bench, 12, third);
  expect(published()).toHaveLength(1);
  // The others are away: theirs are opened when they come back and say so.
  bench.join(1, VERIFIER, 'verifier');
  sealVerdict(bench, 1, again);
  expect(published()).toHaveLength(2);
  bench.restart();
  bench.join(11, SECOND, 'verifier');
  sealVerdict(bench, 11, { ...other, verdict: { ...other.verdict, n: 7 } });
  expect(bench.last(11, 'declined')?.code).toBe('seal-late');
});

test('a verifier that is alone, or away from the others, is not kept waiting for long', () => {
  bench.post({ type: 'disconnected', socket: 11 });
  bench.post({ type: 'disconnected', socket: 12 });
  seal(VERIFIER, 'mismatch');
  bench.wait(1_000);
  expect(published()).toEqual([]);
  wait(180_000);
  expect(published()).toHaveLength(1);
  expect(grid()).toMatchObject({ disputes: [{ opinions: [{ kind: 'mismatch' }] }], late: [] });
});

test('a seal in another name is refused, and one of what nobody computed opens at once', () => {
  const signed = verdictOn(bench, 'mismatch', SECOND);
  sealVerdict(bench, socketOf(THIRD), signed);
  expect(refused(THIRD)).toBe('signature-wrong');
  const lease = 'f'.repeat(32) as Verdict['lease'];
  sealVerdict(bench, 11, { ...signed, verdict: { ...signed.verdict, lease } });
  expect(bench.last(11, 'unseal')).toMatchObject({ lease });
  expect(refused(SECOND)).toBe('lease-unknown');
  const unit = 4_999;
  sealVerdict(bench, 11, { ...signed, verdict: { ...signed.verdict, unit } });
  expect(bench.last(11, 'unseal')).toMatchObject({ unit });
  expect([refused(SECOND), grid().disputes]).toEqual(['range-invalid', []]);
});
