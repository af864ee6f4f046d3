import { expect, it } from 'vitest';
import type { KeptBatch } from '#protocol/openai/batch.ts';
import type { KeptFile } from '#protocol/openai/file.ts';
import type { DeveloperId, Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import type { StoreWorld } from './store-world.ts';

const rootOf = (number: number) => `${number}`.repeat(64) as Root;
const ownerOf = (number: number) => `dev_${String(number).padStart(16, '0')}` as DeveloperId;
const blobOf = (number: number) => ({ root: rootOf(number), length: bytes(10) });
const fileOf = (number: number, more: object = {}): KeptFile => ({
  view: {
    ...{ id: `file-${number}`, object: 'file', bytes: bytes(10), created_at: 7 },
    ...{ filename: 'a.jsonl', purpose: 'batch', status: 'processed' },
    ...more,
  },
  owner: ownerOf(1),
  blob: blobOf(number),
});
const batchOf = (number: number, status: KeptBatch['view']['status']): KeptBatch => ({
  view: { id: `batch-${number}`, status } as KeptBatch['view'],
  owner: ownerOf(1),
  parts: [{ job: null, lines: blobOf(number) }],
  wrong: null,
});

/** What every store keeps of files and batches. */
export function checkBatchStore(open: () => Promise<StoreWorld>): void {
  it('keeps files of keys, page by page, until they are removed or their time is over', async () => {
    const { store, reopen } = await open();
    const all = [fileOf(1), fileOf(2, { expires_at: 9 }), fileOf(3)];
    for (const file of all) await store.files.add(file);
    expect(await store.files.held(ownerOf(1))).toBe(30);
    expect(await store.files.list(ownerOf(2), { limit: 9 })).toEqual([]);
    const pages = [{ limit: 2 }, { limit: 2, after: 'file-2' }];
    const listed = await Promise.all(pages.map((page) => store.files.list(ownerOf(1), page)));
    expect(listed.map((page) => page.map(({ view }) => view.id))).toEqual([
      ['file-3', 'file-2'],
      ['file-1'],
    ]);
    expect(await store.files.expired(8)).toEqual([]);
    expect(await store.files.expired(9)).toEqual(['file-2']);
    expect(await store.namesBlob(rootOf(2))).toBe(true);
    await store.files.remove('file-2');
    expect(await store.namesBlob(rootOf(2))).toBe(false);
    await store.close();
    const again = await reopen?.();
    expect(await again?.files.find('file-3')).toEqual(again && all[2]);
    expect(await again?.files.find('file-2')).toBeUndefined();
    await again?.close();
  });

  it('keeps how batches stand, and their blobs until they have ended', async () => {
    const { store } = await open();
    for (const number of [1, 2]) await store.batches.put(batchOf(number, 'in_progress'));
    expect(await store.batches.open()).toHaveLength(2);
    expect(await store.namesBlob(rootOf(1))).toBe(true);
    await store.batches.put(batchOf(1, 'completed'));
    expect(await store.namesBlob(rootOf(1))).toBe(false);
    expect(await store.batches.open()).toEqual([batchOf(2, 'in_progress')]);
    expect(await store.batches.find('batch-1')).toEqual(batchOf(1, 'completed'));
    const listed = await store.batches.list(ownerOf(1), { limit: 9, after: 'batch-2' });
    expect(listed).toEqual([batchOf(1, 'completed')]);
    await store.close();
  });
}
