import { afterEach, expect, test, vi } from 'vitest';
import { buildFileTree } from '#protocol/bytes/file-tree.ts';
import { bytes } from '#protocol/values/units.ts';
import { checkBlobCache } from '../blob-cache.contract.ts';
import { openOpfsCache } from './opfs-cache.ts';

afterEach(() => vi.unstubAllGlobals());

interface FakeFile {
  data: Uint8Array<ArrayBuffer>;
  locked: boolean;
  lastModified: number;
}

/** The origin's private file system as Node lacks it: files with one handle each, and a quota. */
function fakeOpfs(quota: number, estimate = 5 * quota) {
  let time = 0;
  const files = new Map<string, FakeFile>();
  const used = () => [...files.values()].reduce((sum, { data }) => sum + data.length, 0);
  const openHandle = (file: FakeFile) => {
    if (file.locked) throw new Error('NoModificationAllowedError');
    file.locked = true;
    return {
      getSize: () => file.data.length,
      read(into: Uint8Array, { at }: { at: number }) {
        const part = file.data.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write(data: Uint8Array, { at }: { at: number }) {
        const size = Math.max(file.data.length, at + data.length);
        if (used() - file.data.length + size > quota) throw new Error('QuotaExceededError');
        const grown = new Uint8Array(size);
        grown.set(file.data);
        grown.set(data, at);
        file.data = grown;
        file.lastModified = time++;
        return data.length;
      },
      flush: () => undefined,
      close: () => {
        file.locked = false;
      },
    };
  };
  const folder = {
    async getFileHandle(name: string, { create = false } = {}) {
      const file = files.get(name) ?? { data: new Uint8Array(), locked: false, lastModified: 0 };
      if (!files.has(name) && !create) throw new Error('NotFoundError');
      files.set(name, file);
      return {
        createSyncAccessHandle: async () => openHandle(file),
        getFile: async () => ({ size: file.data.length, lastModified: file.lastModified }),
      };
    },
    async *keys() {
      yield* [...files.keys()];
    },
    async removeEntry(name: string) {
      files.delete(name);
    },
  };
  const getDirectory = async () => ({ getDirectoryHandle: async () => folder });
  const storage = { getDirectory, estimate: async () => ({ quota: estimate }) };
  vi.stubGlobal('navigator', { storage });
  return { files };
}

checkBlobCache('opfs', () => {
  fakeOpfs(1_000_000);
  return openOpfsCache();
});
checkBlobCache('opfs without any room', () => {
  fakeOpfs(0);
  return openOpfsCache();
});
checkBlobCache('opfs that is full half-way', () => {
  fakeOpfs(150_000);
  return openOpfsCache();
});
checkBlobCache('no file system', () => {
  vi.stubGlobal('navigator', {});
  return openOpfsCache();
});

const data = new Uint8Array(90_000).fill(9);
const ref = { root: buildFileTree(data).root, length: bytes(data.length) };

test('opfs: pieces written before the quota ran out move to memory, and the file goes', async () => {
  const { files } = fakeOpfs(60_000);
  const cache = await openOpfsCache();
  for (let at = 0; at < data.length; at += 30_000) {
    await cache.write(ref, at, data.subarray(at, at + 30_000));
  }
  await cache.finish(ref);
  const kept = await cache.read(ref.root, 0, data.length);
  expect(kept.every((byte) => byte === 9)).toBe(true);
  expect([...files.keys()]).toEqual([]);
});

/** Blobs of 90,000 bytes, each of another digit. */
const blobs = [1, 2, 3].map((digit) => {
  const bytesOf = new Uint8Array(90_000).fill(digit);
  return { ref: { root: buildFileTree(bytesOf).root, length: bytes(90_000) }, data: bytesOf };
});

// privacy: models-kept
test('opfs: a fifth of the quota is taken, and the blob written longest ago goes first', async () => {
  const { files } = fakeOpfs(10_000_000, 5 * 200_000);
  const told: number[] = [];
  for (const each of blobs) {
    const cache = await openOpfsCache({ changed: () => told.push(1) });
    await cache.write(each.ref, 0, each.data);
    await cache.finish(each.ref);
    expect(await cache.kept()).toBeLessThanOrEqual(200_000);
    await cache.close();
  }
  const [oldest, ...others] = blobs.map((each) => each.ref);
  const cache = await openOpfsCache();
  expect(await cache.has(oldest as typeof ref)).toBe(false);
  for (const other of others) expect(await cache.has(other)).toBe(true);
  expect(told).toHaveLength(3);
  expect(await cache.kept()).toBe(180_000);
  await cache.free();
  expect([await cache.kept(), files.size]).toEqual([0, 0]);
});

test('opfs: a blob that is larger than its share goes to memory', async () => {
  const { files } = fakeOpfs(10_000_000, 5 * 50_000);
  const cache = await openOpfsCache();
  await cache.write(ref, 0, data);
  await cache.finish(ref);
  expect(await cache.has(ref)).toBe(true);
  expect(files.size).toBe(0);
});

test('opfs: a blob is found again in a later life', async () => {
  fakeOpfs(1_000_000);
  const first = await openOpfsCache();
  await first.write(ref, 0, data);
  await first.finish(ref);
  await first.close();
  const second = await openOpfsCache();
  expect(await second.has(ref)).toBe(true);
});

test('opfs: a file that another tab holds is fetched into memory', async () => {
  fakeOpfs(1_000_000);
  const first = await openOpfsCache();
  await first.write(ref, 0, data);
  await first.finish(ref);
  const second = await openOpfsCache();
  expect(await second.has(ref)).toBe(false);
  await second.write(ref, 0, data);
  await second.finish(ref);
  expect(await second.has(ref)).toBe(true);
  expect(await first.has(ref)).toBe(true);
});
