import { expect, test } from 'vitest';
import { restartAfter } from './restarts.ts';

test('a worker that fails starts again later and later, a few times', () => {
  expect([1, 2, 3, 4, 5, 6].map(restartAfter)).toEqual([1, 2, 5, 15, 30, undefined]);
});
