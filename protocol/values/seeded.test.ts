import { expect, test } from 'vitest';
import { openWords } from './seeded.ts';

test('a seed gives the words of Mulberry32, and another seed others', () => {
  const drawn = (seed: number) => Array.from({ length: 3 }, openWords(seed));
  expect(drawn(1)).toEqual([2_693_262_067, 11_749_833, 2_265_367_787]);
  expect(drawn(2)).not.toEqual(drawn(1));
});
