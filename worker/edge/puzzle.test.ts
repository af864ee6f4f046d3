import { expect, test } from 'vitest';
import { isPuzzleSolved } from '#protocol/bytes/puzzle.ts';
import type { Nonce } from '#protocol/values/ids.ts';
import { searchAnswer } from './puzzle.ts';

const puzzle = { nonce: 'ab'.repeat(32) as Nonce, bits: 12 };

test('a puzzle is answered while other things have their turn', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const answer = await searchAnswer(puzzle, () => true);
  clearInterval(timer);
  expect(isPuzzleSolved(puzzle, answer ?? 0)).toBe(true);
  expect(answer).toBeGreaterThan(1_024);
  expect(turns).toBeGreaterThan(0);
});

test('a puzzle that nobody waits for any more is let go', async () => {
  let looks = 0;
  const isWanted = () => {
    looks += 1;
    return looks < 2;
  };
  expect(await searchAnswer(puzzle, isWanted)).toBeUndefined();
});
