import { expect, it } from 'vitest';
import type { KeyView } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import type { Fact } from '../../core/state/facts.ts';
import { inputsAdded, jobCreated, jobId } from './sample-facts.ts';
import type { StoreWorld } from './store-world.ts';

const idOf = (number: number) => `dev_${String(number).padStart(16, '0')}` as DeveloperId;
const hashOf = (number: number) => String(number).repeat(64);
const keyOf = (number: number): KeyView => ({
  id: idOf(number),
  name: `key ${number}`,
  role: 'developer',
  access: 'write',
  createdAt: instant(number),
});
const posted = (number: number, owner: number): Fact => {
  const { record, ...fact } = jobCreated(number);
  return { ...fact, record: { ...record, developer: idOf(owner) } };
};
const moved = (number: number, state: Extract<Fact, { type: 'job-moved' }>['state']): Fact => ({
  type: 'job-moved',
  job: jobId(number),
  state,
  reason: why('stated', { text: state }),
  at: instant(1),
});

/** What every store keeps of API keys. */
export function checkKeyStore(open: () => Promise<StoreWorld>): void {
  it('finds a key by its hash, and lists all of them, revoked ones as well', async () => {
    const { store, reopen } = await open();
    const { keys } = store;
    expect([await keys.list(), await keys.find(hashOf(1))]).toEqual([[], undefined]);
    const second: KeyView = {
      ...keyOf(2),
      budget: { items: 5, lamports: lamports(2n ** 64n - 1n) },
    };
    await keys.put(hashOf(1), keyOf(1));
    await keys.put(hashOf(2), second);
    expect([await keys.find(hashOf(1)), await keys.find(hashOf(2))]).toEqual([keyOf(1), second]);
    expect(await keys.revoke(idOf(9), instant(7))).toBe(false);
    expect(await keys.revoke(idOf(1), instant(7))).toBe(true);
    expect(await keys.revoke(idOf(1), instant(8))).toBe(true);
    const all = [{ ...keyOf(1), revokedAt: 7 }, second];
    expect(await keys.list()).toEqual(all);
    await store.close();
    const again = await reopen?.();
    expect(await again?.keys.list()).toEqual(again && all);
    await again?.close();
  });

  it('knows whose jobs are shared with a key, and lists them by their owners', async () => {
    const { store } = await open();
    const { keys } = store;
    await store.append([posted(1, 1), posted(2, 2), posted(3, 1), posted(4, 3)]);
    for (const number of [1, 2, 3]) await keys.put(hashOf(number), keyOf(number));
    const idsOf = async (owners?: DeveloperId[]) =>
      (await store.jobs(Number.MAX_SAFE_INTEGER, 10, { owners })).map(({ id }) => id);
    expect(await idsOf()).toEqual([4, 3, 2, 1].map(jobId));
    expect(await idsOf([idOf(1)])).toEqual([3, 1].map(jobId));
    expect(await idsOf([idOf(1), idOf(2)])).toEqual([3, 2, 1].map(jobId));
    expect(await idsOf([idOf(8)])).toEqual([]);
    expect(await keys.share(idOf(1), idOf(7), 'read')).toBe(idOf(7));
    expect(await keys.share(idOf(7), idOf(1), 'read')).toBe(idOf(7));
    expect(await keys.share(idOf(1), idOf(2), 'read')).toBeUndefined();
    await keys.share(idOf(3), idOf(2), 'write');
    expect((await keys.ownersFor(idOf(2))).sort()).toEqual([idOf(1), idOf(3)]);
    expect(await keys.sharedBy(idOf(1), idOf(2))).toBe('read');
    expect(await keys.sharedBy(idOf(2), idOf(1))).toBeUndefined();
    await keys.share(idOf(1), idOf(2), 'write');
    expect(await keys.sharedBy(idOf(1), idOf(2))).toBe('write');
    await keys.share(idOf(1), idOf(2), 'none');
    expect(await keys.ownersFor(idOf(2))).toEqual([idOf(3)]);
    await store.close();
  });

  it('sums what the jobs of a key come to, without those that never ran', async () => {
    const { store } = await open();
    const { record } = jobCreated(1);
    const { items, units, unitPrice } = record;
    expect(await store.keys.spent(idOf(1))).toEqual({ items: 0, lamports: 0n });
    await store.append([posted(1, 1), posted(2, 1), posted(3, 1), posted(4, 1), posted(5, 2)]);
    const cut = { ...record, id: jobId(2), developer: idOf(1), units: units * 3 };
    await store.append([{ type: 'job-recut', record: cut, inputDigests: new Uint8Array(32) }]);
    await store.append([moved(3, 'refused'), moved(4, 'running'), moved(4, 'cancelled')]);
    await store.append([inputsAdded({ job: 4, firstUnit: units, units: 5 })]);
    expect(await store.keys.spent(idOf(1))).toEqual({
      items: 3 * items + 5,
      lamports: BigInt(unitPrice) * BigInt(units + 3 * units + units),
    });
    await store.close();
  });
}
