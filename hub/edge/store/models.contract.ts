import { expect, it } from 'vitest';
import type { ModelView } from '#protocol/api/models.ts';
import type { DeveloperId, Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { jobArchived, jobCreated } from './sample-facts.ts';
import type { StoreWorld } from './store-world.ts';

const rootOf = (number: number) => `${number}`.repeat(64) as Root;
const ownerOf = (number: number) => `dev_${String(number).padStart(16, '0')}` as DeveloperId;
function modelOf(id: string, root: number, more: Partial<ModelView> = {}): ModelView {
  const blob = { root: rootOf(root), length: bytes(10) };
  return {
    ...{ id, object: 'model', created: 7, owned_by: ownerOf(1), bytes: bytes(10) },
    files: [{ name: 'model.onnx', blob }],
    ...more,
  };
}

const REVISED = { created: 2, revision: 'two' };
const MORE = { ...jobArchived(5).tally, acceptedUnits: 10, checked: 4, mismatched: 3 };

/** What every store keeps of models. */
export function checkModelStore(open: () => Promise<StoreWorld>): void {
  it('finds the newest model of an id, or the one of a revision, and lists all', async () => {
    const { store, reopen } = await open();
    const [plain, first, second] = [
      modelOf('net', 1),
      modelOf('a/b', 2, { revision: 'one' }),
      modelOf('a/b', 3, { revision: 'two', owned_by: ownerOf(2) }),
    ];
    for (const model of [plain, first, second]) await store.models.add(model);
    await expect(store.models.add(modelOf('net', 4))).rejects.toThrow();
    expect(await store.namesBlob(rootOf(4))).toBe(false);
    const found = [['net'], ['a/b'], ['a/b', 'one'], ['a/b', 'three'], ['net', 'one'], ['b']];
    const told = await Promise.all(
      found.map(([id = '', revision]) => store.models.find(id, revision)),
    );
    expect(told).toEqual([plain, second, first, undefined, undefined, undefined]);
    await store.close();
    const again = await reopen?.();
    expect(await again?.models.list()).toEqual(again && [second, first, plain]);
    await again?.close();
  });

  it('adds up what archived jobs of a model came to, of this model alone', async () => {
    const { store } = await open();
    const [plain, revised] = [modelOf('net', 1, { created: 1 }), modelOf('net', 2, REVISED)];
    for (const model of [plain, revised]) await store.models.add(model);
    const jobOf = (number: number, model: string) => {
      const created = jobCreated(number);
      return { ...created, record: { ...created.record, model } };
    };
    // The second job is of before there was the revised model.
    const jobs = [jobOf(1, 'net'), jobOf(2, 'net@two'), jobOf(1_500, 'net@two'), jobCreated(4)];
    await store.append(jobs);
    await store.append(jobs.map(({ record }) => ({ ...jobArchived(1), job: record.id })));
    await store.append([jobOf(5, 'net'), { ...jobArchived(5), tally: MORE }]);
    const found = await store.models.trust();
    expect(found).toEqual([
      { view: revised, archived: { accepted: 2, checked: 1, mismatched: 0 } },
      { view: plain, archived: { accepted: 12, checked: 5, mismatched: 3 } },
    ]);
  });

  it('names the blobs of a model until the last with that blob is removed', async () => {
    const { store } = await open();
    const both = [modelOf('one', 1), modelOf('two', 1)] as const;
    for (const model of both) await store.models.add(model);
    expect(await store.namesBlob(rootOf(1))).toBe(true);
    expect(await store.jobsNaming(rootOf(1))).toEqual([]);
    await store.models.remove(both[0]);
    expect(await store.namesBlob(rootOf(1))).toBe(true);
    await store.models.remove(both[1]);
    expect(await store.namesBlob(rootOf(1))).toBe(false);
    expect(await store.models.list()).toEqual([]);
    await store.close();
  });

  it('sums what a key keeps', async () => {
    const { store } = await open();
    expect(await store.models.held(ownerOf(1))).toEqual({ models: 0, bytes: 0 });
    await store.models.add(modelOf('one', 1));
    await store.models.add(modelOf('two', 2, { bytes: bytes(5) }));
    await store.models.add(modelOf('three', 3, { owned_by: ownerOf(2) }));
    expect(await store.models.held(ownerOf(1))).toEqual({ models: 2, bytes: 15 });
    await store.close();
  });
}
