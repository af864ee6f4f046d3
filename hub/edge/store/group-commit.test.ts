import { describe, expect, it } from 'vitest';
import { PocketgridError, refusal } from '#protocol/refusal.ts';
import type { Fact } from '../../core/events.ts';
import { openGroupCommit } from './group-commit.ts';
import { openMemoryStore } from './memory.ts';
import { accepted, committed } from './sample-facts.ts';

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
    const store = openMemoryStore();
    const sizes: number[] = [];
    const append = (facts: readonly Fact[]) => {
      sizes.push(facts.length);
      return store.append(facts);
    };
    const commit = openGroupCommit({ append });
    const indexes = Array.from({ length: 9_000 }, (_, index) => index);
    await Promise.all(indexes.map((index) => commit.submit([committed({ index })])));
    const { pending } = await store.load();
    expect(pending.map(({ entry }) => entry.index)).toEqual(indexes);
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

  it('tells every waiter of a failed group why, and goes on', async () => {
    const fake = openFakeAppend();
    const commit = openGroupCommit(fake);
    const failures = async (error: unknown) => {
      const group = fake.groups.length;
      const waiters = [0, 1].map((index) => commit.submit([committed({ index })]));
      await turn();
      fake.groups[group]?.done(error);
      const settled = await Promise.allSettled(waiters);
      return settled.map((one) =>
        one.status === 'rejected' && one.reason instanceof PocketgridError
          ? one.reason.refusal.code
          : one.status,
      );
    };
    const full = new PocketgridError(refusal('disk-full', 'the disk is full; free some space'));
    expect(await failures(full)).toEqual(['disk-full', 'disk-full']);
    expect(await failures(new Error('EIO'))).toEqual(['storage-failed', 'storage-failed']);
    expect(await failures(undefined)).toEqual(['fulfilled', 'fulfilled']);
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

  it('refuses past its bounds, and is open again once the queue has drained', async () => {
    const fake = openFakeAppend();
    const commit = openGroupCommit(fake, { queueFacts: 2, queueBytes: 10_000 });
    const pair = commit.submit([committed({ index: 0 }), committed({ index: 1 })]);
    const busy = { refusal: { code: 'busy' } };
    await expect(commit.submit([committed({ index: 2 })])).rejects.toMatchObject(busy);
    await turn();
    await expect(commit.submit([accepted({ index: 3 }, 20_000)])).rejects.toMatchObject(busy);
    const next = commit.submit([committed({ index: 4 })]);
    fake.groups[0]?.done();
    await pair;
    await turn();
    fake.groups[1]?.done();
    await next;
  });

  it('commits what waits when it closes, and takes no more', async () => {
    const store = openMemoryStore();
    const commit = openGroupCommit(store);
    const waiting = commit.submit([committed({ index: 0 })]);
    await commit.close();
    await waiting;
    expect((await store.load()).pending).toHaveLength(1);
    await expect(commit.submit([committed({ index: 1 })])).rejects.toMatchObject({
      refusal: { code: 'hub-stopping' },
    });
    await commit.submit([]);
    await store.close();
  });
});
