import { beforeEach, describe, expect, test } from 'vitest';
import { PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { Verdict } from '#protocol/records/records.ts';
import type { Nonce, PublicKey } from '#protocol/values/ids.ts';
import { type Court, openCourt, SECOND, THIRD } from '../fake-court.ts';
import { HUB, SIGNED, VERIFIER } from '../fake-world.ts';

let court: Court;
beforeEach(() => {
  court = openCourt({ units: 50, online: [VERIFIER, SECOND] });
});

const judge = (key: PublicKey, kind: Verdict['kind'], unit = 0): void =>
  court.tell(key, court.opinion(key, kind, { unit }));
/** A hello that says what was reviewed before. */
function comeBack(socket: number, key: PublicKey, reviewed: number): void {
  court.post({ type: 'connected', socket });
  const nonce = court.last(socket, 'challenge')?.nonce ?? ('' as Nonce);
  const claim = { version: PROTOCOL_VERSION, role: 'verifier', key, hub: HUB, nonce } as const;
  court.say(socket, { type: 'hello', claim, signature: SIGNED, reviewed });
}
const reviewsOf = (socket: number) =>
  (court.sent.get(socket) ?? []).flatMap((message) =>
    message.type === 'review'
      ? [{ number: message.number, by: message.signed.verdict.verifier }]
      : [],
  );

describe('a verdict', () => {
  test('is passed on to the other verifiers once it is on disk, with what it takes to do it again', () => {
    judge(VERIFIER, 'match');
    expect(reviewsOf(1)).toEqual([]);
    expect(reviewsOf(11)).toEqual([{ number: 1, by: VERIFIER }]);
    const review = court.last(11, 'review');
    expect(review).toMatchObject({ sequence: 0, provider: 'wasm' });
    court.fillDisk(true);
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
    court.enter(THIRD);
    expect(court.last(12, 'welcome')?.reviews).toEqual({ from: 1, through: 4 });
    expect(reviewsOf(12).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    court.restart();
    comeBack(12, THIRD, 2);
    expect(reviewsOf(12).map(({ number }) => number)).toEqual([3, 4]);
  });

  test('is kept for others within a bound', () => {
    const { verdict, signature } = court.opinion(VERIFIER, 'match');
    const facts = Array.from({ length: 2_500 }, () => ({
      type: 'verdict' as const,
      signed: { verdict, signature },
    }));
    court.facts.push(...facts);
    court.restart();
    court.enter(THIRD);
    expect(court.last(12, 'welcome')?.reviews).toEqual({ from: 501, through: 2_500 });
    expect(reviewsOf(12)).toHaveLength(2_000);
  });
});

/** Nobody but the first verifier has judged the job, and it is done. */
function finish(): void {
  judge(VERIFIER, 'match');
  for (const key of [VERIFIER, SECOND]) court.judgeAll(key);
  expect(court.job()?.state).toBe('done');
}

test.each([
  { when: 'at once', restart: () => undefined },
  { when: 'over a restart of the hub', restart: () => court.restart() },
])('who said match of wrong work is at fault, though its job is done since, $when', (world) => {
  finish();
  const wrong = [SECOND, THIRD].map((key) => court.opinion(key, 'mismatch'));
  world.restart();
  court.enter(SECOND);
  court.enter(THIRD);
  for (const signed of wrong) {
    court.tell(signed.verdict.verifier, signed);
    court.wait(1_000);
  }
  court.wait(30_000);
  expect(court.grid().faults).toEqual([{ verifier: VERIFIER, count: 1 }]);
  expect(court.isBanned()).toBe(true);
});

test('the hub forgets what the checks of a job needed ten minutes after its end', () => {
  finish();
  court.wait(599_000);
  expect(court.hub().opinions.size).toBe(1);
  court.restart();
  expect(court.hub().opinions.size).toBe(1);
  court.wait(2_000);
  expect(court.hub().opinions.size).toBe(0);
  court.restart();
  expect(court.hub().opinions.size).toBe(0);
});
