import { expect, test } from 'vitest';
import { openWriteWatch } from './write-watch.ts';

test('a watch tells how long writes wait without progress, and when the last came to disk', () => {
  let now = 100;
  const took: number[] = [];
  const watch = openWriteWatch(
    (ms) => took.push(ms),
    () => now,
  );
  expect([watch.lastMs(), watch.waitingMs()]).toEqual([undefined, 0]);
  const first = watch.begin();
  now = 110;
  const second = watch.begin();
  now = 150;
  expect(watch.waitingMs()).toBe(50);
  first();
  now = 155;
  // The second waits, and the disk has moved since.
  expect([watch.lastMs(), watch.waitingMs()]).toEqual([5, 5]);
  second();
  now = 1_000;
  expect([watch.lastMs(), watch.waitingMs(), took]).toEqual([845, 0, [50, 45]]);
});
