import { expect, test } from 'vitest';
import { runFair } from './fair.ts';

// `npm run sim -- fair` prints the figures.
test('a small job ends in time among large ones, and jobs get devices by what they pay', () => {
  const rows = runFair();
  expect(rows.filter(({ isFair }) => !isFair)).toEqual([]);
});
