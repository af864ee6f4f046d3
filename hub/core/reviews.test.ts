import { beforeEach, describe, expect, test } from 'vitest';
import type { Nonce, PublicKey } from '#protocol/ids.ts';
import type { Verdict } from '#protocol/records.ts';
import {
  type Bench,
  deliver,
  HUB,
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
import { viewGrid } from './hub.ts';

const SECOND = 'b2'.repeat(32) as PublicKey;
const THIRD = 'b3'.repeat(32) as PublicKey;
const SOCKETS: Record<string, number> = { [VERIFIER]: 1, [SECOND]: 11, [THIRD]: 12 };

let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true, verifiers: [VERIFIER, SECOND, THIRD] });
  startJob(bench, 50);
  bench.join(11, SECOND, 'verifier');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
});

function judge(verifier: PublicKey, kind: Verdict['kind'], unit = 0): void {
  const { verdict, signature } = verdictOn(bench, kind, verifier);
  const signed = { verdict: { ...verdict, unit }, signature };
  speak(bench, SOCKETS[verifier] ?? 0, signed);
}
/** A hello that says what was reviewed before. */
function comeBack(socket: number, key: PublicKey, reviewed: number): void {
  bench.post({ type: 'connected', socket });
  const nonce = bench.last(socket, 'challenge')?.nonce ?? ('' as Nonce);
  const claim = { version: 1, role: 'verifier', key, hub: HUB, nonce } as const;
  bench.say(socket, { type: 'hello', claim, signature: SIGNED, reviewed });
}
const reviewsOf = (socket: number) =>
  (bench.sent.get(socket) ?? []).flatMap((message) =>
    message.type === 'review'
      ? [{ number: message.number, by: message.signed.verdict.verifier }]
      : [],
  );

describe('a verdict', () => {
  test('is passed on to the other verifiers once it is on disk, with what it takes to do it again', () => {
    judge(VERIFIER, 'match');
    expect(reviewsOf(1)).toEqual([]);
    expect(reviewsOf(11)).toEqual([{ number: 1, by: VERIFIER }]);
    const review = bench.last(11, 'review');
    expect(review).toMatchObject({ sequence: 0, provider: 'wasm' });
    bench.fillDisk(true);
    judge(VERIFIER, 'match', 1);
    expect(reviewsOf(11)).toHaveLength(1);
  });

  test('on a unit that the other has judged itself is not', () => {
    judge(VERIFIER, 'match');
    judge(SECOND, 'match');
    expect(reviewsOf(1)).toEqual([]);
    judge(SECOND, 'match', 1);
    expect(reviewsOf(1)).toEqual([{ number: 3, by: SECOND }]);
  });

  test('reaches who was away, from where it had come to, over a restart of the hub too', () => {
    for (let unit = 0; unit < 4; unit += 1) judge(VERIFIER, 'match', unit);
    bench.join(12, THIRD, 'verifier');
    expect(bench.last(12, 'welcome')?.reviews).toEqual({ from: 1, through: 4 });
    expect(reviewsOf(12).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    bench.restart();
    comeBack(12, THIRD, 2);
    expect(reviewsOf(12).map(({ number }) => number)).toEqual([3, 4]);
  });

  test('is kept for others within a bound', () => {
    const { verdict, signature } = verdictOn(bench, 'match');
    bench.hub().verdictsTaken.clear();
    const facts = Array.from({ length: 2_500 }, () => ({
      type: 'verdict' as const,
      signed: { verdict, signature },
    }));
    bench.facts.push(...facts);
    bench.restart();
    bench.join(12, THIRD, 'verifier');
    expect(bench.last(12, 'welcome')?.reviews).toEqual({ from: 501, through: 2_500 });
    expect(reviewsOf(12)).toHaveLength(2_000);
  });
});

/** Nobody but the first verifier has judged the job, and it is done. */
function finish(): void {
  judge(VERIFIER, 'match');
  const through = bench.last(1, 'check')?.shard.sequence ?? -1;
  for (const socket of [1, 11]) bench.say(socket, { type: 'judged', through });
  expect(bench.job()?.state).toBe('done');
}

test.each([
  { when: 'at once', restart: () => undefined },
  { when: 'over a restart of the hub', restart: () => bench.restart() },
])('who said match of wrong work is at fault, though its job is done since, $when', (world) => {
  finish();
  const wrong = [SECOND, THIRD].map((key) => verdictOn(bench, 'mismatch', key));
  world.restart();
  bench.join(11, SECOND, 'verifier');
  bench.join(12, THIRD, 'verifier');
  for (const [at, signed] of wrong.entries()) {
    sealVerdict(bench, 11 + at, signed);
    bench.wait(1_000);
  }
  bench.wait(30_000);
  expect(viewGrid(bench.hub()).faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
  expect(bench.hub().barred.has(PHONE)).toBe(true);
});

test('what the checks of a job needed is forgotten ten minutes after its end', () => {
  finish();
  bench.wait(599_000);
  expect(bench.hub().opinions.size).toBe(1);
  bench.restart();
  expect(bench.hub().opinions.size).toBe(1);
  bench.wait(2_000);
  expect(bench.hub().opinions.size).toBe(0);
  bench.restart();
  expect(bench.hub().opinions.size).toBe(0);
});
