import { expect, it } from 'vitest';
import { takesTexts } from './row-length.ts';

it.each([
  { length: 16, longest: 9, takes: true },
  { length: 16, longest: 17, takes: false },
  { length: 32, longest: 3, takes: true },
  { length: 64, longest: 3, takes: false },
  { length: 64, longest: 3, least: 64, takes: true },
  { length: 128, longest: 3, least: 64, takes: false },
])('rows and a text fit or not: %j', ({ length, longest, least, takes }) => {
  expect(takesTexts(length, longest, least)).toBe(takes);
});
