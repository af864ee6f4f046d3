import { expect, test } from 'vitest';
import { openBoundedMap } from './bounded-map.ts';

test('a bounded map forgets what was put into it first', () => {
  const map = openBoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect(['a', 'b', 'c'].map(map.get)).toEqual([undefined, 2, 4]);
  map.delete('b');
  map.set('d', 5);
  expect(['b', 'c', 'd'].map(map.get)).toEqual([undefined, 4, 5]);
});
