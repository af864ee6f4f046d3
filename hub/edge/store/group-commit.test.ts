import { describe, expect, it, vi } from 'vitest';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { Fact } from '../../core/state/facts.ts';
import { openGroupCommit } from './group-commit.ts';
import { accepted, committed } from './sample-facts.ts';
import { openMemoryStore } from './store.ts';
import { loadAll } from './store-world.ts';

/** A store's `append` whose commits finish when told to. */
function openFakeAppend() {
  const groups: { facts: readonly Fact[]; done(error?: unknown): void }[] = [];
  const append = (facts: readonly Fact[]) =>
    new Promise<void>((resolve, reject) => {
      groups.push({ facts, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  return { append, groups };
}
const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

describe('group commit', () => {
  it('keeps order, in few groups', async () => {
    const store = await openMemoryStore();
    const sizes: number[] = [];
    const append = (facts: readonly Fact[]) => {
      sizes.push(facts.length);
      return store.append(facts);
    };
    const commit = openGroupCommit({ append });
    const indexes = Array.from({ length: 9_000 }, (_, index) => index);
    await Promise.all(indexes.map((index) => commit.submit([committed({ index })])));
    expect(await loadAll(store)).toEqual(indexes.map((index) => committed({ index })));
    expect(sizes).toEqual([4096, 4096, 808]);
    await commit.close();
  });

  it('acknowledges nothing before its group is on disk', async () => {
    const fake = openFakeAppend();
    const commit = openGroupCommit(fake);
    const settled: number[] = [];
    const submit = (index: number) =>
      commit.submit([committed({ index })]).then(() => settled.push(index));
    const first = submit(0);
    await turn();
    const later = [submit(1), submit(2)];
    await turn();
    expect(fake.groups.map(({ facts }) => facts.length)).toEqual([1]);
    expect(settled).toEqual([]);
    fake.groups[0]?.done();
    await first;
    await turn();
    expect(settled).toEqual([0]);
    expect(fake.groups.map(({ facts }) => facts.length)).toEqual([1, 2]);
    fake.groups[1]?.done();
    await Promise.all(later);
    expect(settled).toEqual([0, 1, 2]);
  });

  it('tries a failed group again before any later one, and tells of the trouble once', async () => {
    const fake = openFakeAppend();
    const told: (string | undefined)[] = [];
    const commit = openGroupCommit(fake, { onDisk: (trouble) => told.push(trouble?.code) });
    const settled: number[] = [];
    const submit = (index: number) =>
      commit.submit([committed({ index })]).then(() => settled.push(index));
    const full = new PocketgridError(refusal('disk-full', 'the disk is full; free some space'));
    const waiters = [submit(0)];
    await turn();
    fake.groups[0]?.done(full);
    waiters.push(submit(1));
    await vi.waitFor(() => expect(fake.groups).toHaveLength(2));
    fake.groups[1]?.done(full);
    await vi.waitFor(() => expect(fake.groups).toHaveLength(3));
    fake.groups[2]?.done(new Error('EIO'));
    await vi.waitFor(() => expect(fake.groups).toHaveLength(4));
    expect(settled).toEqual([]);
    fake.groups[3]?.done();
    await vi.waitFor(() => expect(fake.groups).toHaveLength(5));
    fake.groups[4]?.done();
    await Promise.all(waiters);
    expect(settled).toEqual([0, 1]);
    expect(fake.groups.slice(0, 4).every(({ facts }) => facts.length === 1)).toBe(true);
    await turn();
    expect(told).toEqual(['disk-full', 'storage-failed', undefined]);
  });

  it('rejects what waits on a disk that fails when it is closed', async () => {
    const fake = openFakeAppend();
    const commit = openGroupCommit(fake);
    const waiter = commit.submit([committed({ index: 0 })]);
    const failed = expect(waiter).rejects.toMatchObject({ refusal: { code: 'storage-failed' } });
    await turn();
    fake.groups[0]?.done(new Error('EIO'));
    await turn();
    const closed = commit.close();
    await vi.waitFor(() => expect(fake.groups).toHaveLength(2));
    fake.groups[1]?.done(new Error('EIO'));
    await closed;
    await failed;
  });

  it('cuts groups by bytes, and lets one large submission through alone', async () => {
    const fake = openFakeAppend();
    const commit = openGroupCommit(fake);
    const large = 9 * 1024 * 1024;
    const waiters = [20 * 1024 * 1024, large, large, 10].map((length, index) =>
      commit.submit([accepted({ index }, length)]),
    );
    for (let group = 0; group < 3; group += 1) {
      await turn();
      fake.groups[group]?.done();
    }
    await Promise.all(waiters);
    expect(fake.groups.map(({ facts }) => facts.length)).toEqual([1, 1, 2]);
  });

  it('tells that the disk is behind past half of its bounds, and that it has caught up', async () => {
    for (const bounds of [{ queueFacts: 4 }, { queueBytes: 100_000 }]) {
      const fake = openFakeAppend();
      const told: (string | undefined)[] = [];
      const onDisk = (trouble?: { code: string }) => told.push(trouble?.code);
      const commit = openGroupCommit(fake, { ...bounds, onDisk });
      const first = commit.submit([committed({ index: 0 })]);
      await turn();
      expect(told).toEqual([]);
      const rest = [1, 2].map((index) => commit.submit([accepted({ index }, 30_000)]));
      expect(told).toEqual(['busy']);
      fake.groups[0]?.done();
      await first;
      await turn();
      fake.groups[1]?.done();
      await Promise.all(rest);
      await turn();
      expect(told).toEqual(['busy', undefined]);
    }
  });

  it('commits what waits when it closes, and takes no more', async () => {
    const store = await openMemoryStore();
    const commit = openGroupCommit(store);
    const waiting = commit.submit([committed({ index: 0 })]);
    await commit.close();
    await waiting;
    expect(await loadAll(store)).toHaveLength(1);
    await expect(commit.submit([committed({ index: 1 })])).rejects.toMatchObject({
      refusal: { code: 'hub-stopping' },
    });
    await commit.submit([]);
    await store.close();
  });
});
