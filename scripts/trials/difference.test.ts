import { expect, it } from 'vitest';
import { compare } from './difference.ts';

it.each([
  ['the same', { tokens: [{ word: 'a', score: 0.5 }] }, { value: 0, words: 0 }],
  ['another score', { tokens: [{ word: 'a', score: 0.75 }] }, { value: 0.25, words: 0 }],
  ['another word', { tokens: [{ word: 'b', score: 0.5 }] }, { value: 0, words: 1 }],
  ['a token more', { tokens: [{ word: 'a', score: 0.5 }, { word: 'b' }] }, { value: 0, words: 1 }],
  ['no token', { tokens: [] }, { value: 0, words: 1 }],
  ['nothing', {}, { value: 0, words: 1 }],
])('answers with %s are told', (_, found, difference) => {
  expect(compare(found, { tokens: [{ word: 'a', score: 0.5 }] })).toEqual(difference);
});

it('a number of a vector counts by the largest of it, others by themselves', () => {
  expect(compare({ embedding: [0.5, 8] }, { embedding: [0.25, -8] }).value).toBe(2);
  expect(compare({ embedding: [0.5, 0.1] }, { embedding: [0.25, 0.1] }).value).toBe(0.25);
  expect(compare({ box: { xmin: 101 } }, { box: { xmin: 100 } }).value).toBe(1);
});

it('a number that is none is no small difference', () => {
  expect(compare([Number.NaN], [1]).value).toBeNaN();
});
