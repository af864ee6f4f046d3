import { expect, test } from 'vitest';
import type { Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { checkBlobCache } from './blob-cache.contract.ts';
import { openMemoryCache } from './memory-cache.ts';

checkBlobCache('memory', async () => openMemoryCache(1_000_000));

const refOf = (digit: string, length: number) => ({
  root: digit.repeat(64) as Root,
  length: bytes(length),
});

test('memory: the oldest blob goes when there is no room', async () => {
  const cache = openMemoryCache(10);
  const [first, second] = [refOf('1', 6), refOf('2', 6)];
  for (const ref of [first, second]) {
    await cache.write(ref, 0, new Uint8Array(6).fill(7));
    await cache.finish(ref);
  }
  expect([await cache.has(first), await cache.has(second)]).toEqual([false, true]);
});

test('memory: a blob that lost its first pieces on the way is never whole', async () => {
  const cache = openMemoryCache(10);
  const [slow, other] = [refOf('1', 6), refOf('2', 6)];
  await cache.write(slow, 0, new Uint8Array(3).fill(7));
  await cache.write(other, 0, new Uint8Array(6).fill(7));
  await cache.write(slow, 3, new Uint8Array(3).fill(7));
  await expect(cache.finish(slow)).rejects.toThrow('storage-failed');
  expect(await cache.has(slow)).toBe(false);
});
