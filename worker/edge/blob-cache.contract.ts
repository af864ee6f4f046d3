import { expect, test } from 'vitest';
import { buildFileTree } from '#protocol/bytes/file-tree.ts';
import { bytes } from '#protocol/values/units.ts';
import type { BlobCache } from './ports.ts';

/** What every blob cache of a device must do. */
export function checkBlobCache(name: string, open: () => Promise<BlobCache>): void {
  const data = new Uint8Array(300_000).map((_, at) => (at * 31) & 0xff);
  const { root } = buildFileTree(data);
  const ref = { root, length: bytes(data.length) };

  test(`${name}: a blob is there only when it is whole`, async () => {
    const cache = await open();
    expect(await cache.has(ref)).toBe(false);
    await cache.write(ref, 262_144, data.subarray(262_144));
    await cache.write(ref, 0, data.subarray(0, 262_144));
    expect(await cache.has(ref)).toBe(false);
    await expect(cache.read(root, 0, 1)).rejects.toThrow('blob-unknown');
    await cache.finish(ref);
    expect(await cache.has(ref)).toBe(true);
    expect(isSame(await cache.read(root, 0, data.length), data)).toBe(true);
    expect(await cache.read(root, 262_140, 8)).toEqual(data.slice(262_140, 262_148));
    await expect(cache.read(root, 299_999, 2)).rejects.toThrow('range-invalid');
    await cache.close();
  });

  test(`${name}: a blob that is removed is fetched again`, async () => {
    const cache = await open();
    await cache.write(ref, 0, data);
    await cache.finish(ref);
    await cache.remove(root);
    expect(await cache.has(ref)).toBe(false);
    await cache.write(ref, 0, data);
    await cache.finish(ref);
    expect(await cache.has(ref)).toBe(true);
    await cache.close();
  });

  test(`${name}: pieces written at the same time are all kept`, async () => {
    const cache = await open();
    const offsets = [0, 65_536, 131_072, 196_608, 262_144];
    const parts = offsets.map((at) => cache.write(ref, at, data.subarray(at, at + 65_536)));
    await Promise.all(parts);
    await cache.finish(ref);
    expect(isSame(await cache.read(root, 0, data.length), data)).toBe(true);
    await cache.close();
  });
}

/** Many times faster than a deep comparison of typed arrays. */
const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);
