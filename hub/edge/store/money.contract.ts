import { expect, it } from 'vitest';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, Root, Signature } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant, lamports } from '#protocol/values/units.ts';
import type { Fact } from '../../core/state/facts.ts';
import { jobCreated, jobId, keyOf } from './sample-facts.ts';
import { loadAll, type StoreWorld } from './store-world.ts';

type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;
const at = instant(5_000.5);
const address = (number: number) => encodeBase58(new Uint8Array(32).fill(number)) as Address;

const funded = (job: number): FactOf<'job-funded'> => ({
  type: 'job-funded',
  job: jobId(job),
  funding: {
    escrow: address(job),
    escrowIndex: job,
    poster: address(9),
    amount: lamports(2n ** 64n - 1n),
    at,
  },
});
const closing = (job: number): FactOf<'job-closing'> => ({
  type: 'job-closing',
  job: jobId(job),
  at,
});
const linked = (index: number): FactOf<'payout-linked'> => ({
  type: 'payout-linked',
  payout: {
    index,
    record: { device: keyOf(40 + index), recipient: address(index), at },
    signature: '0a'.repeat(64) as Signature,
    at,
  },
});
const leaves = (number: number): FactOf<'leaf-file'> => ({
  type: 'leaf-file',
  file: {
    dataHash: keyOf(number) as string as Digest,
    period: 1,
    through: at,
    total: lamports(7n),
    claims: 2,
    spends: 1,
    length: bytes(200),
    verifier: keyOf(50),
    at,
  },
  root: keyOf(number + 1) as string as Root,
});
const moved = (job: JobId, state: FactOf<'job-moved'>['state']): Fact => ({
  type: 'job-moved',
  job,
  state,
  reason: why('stated', { text: `because ${state}` }),
  at,
});

/** What every store keeps of money. */
export function checkMoneyStore(open: () => Promise<StoreWorld>): void {
  it('keeps what is said of money, in order, and each of it once', async () => {
    const { store, reopen } = await open();
    const facts = [
      ...[jobCreated(1), jobCreated(2), funded(2), funded(1)],
      ...[linked(1), leaves(8), closing(2), linked(0), leaves(4), closing(1)],
      moved(jobId(2), 'running'),
      moved(jobId(2), 'cancelled'),
      moved(jobId(1), 'done'),
    ];
    await store.append(facts.slice(0, 7));
    await store.append(facts.slice(7));
    expect(await loadAll(store)).toEqual(facts);
    for (const twice of [funded(1), closing(1), linked(1), leaves(8)]) {
      await expect(store.append([twice])).rejects.toMatchObject({
        refusal: { code: 'storage-failed' },
      });
    }
    await store.close();
    if (reopen === undefined) return;
    const again = await reopen();
    expect(await loadAll(again)).toEqual(facts);
    await again.append([closing(3)]);
    expect(await again.closings(2, 9)).toEqual([{ number: 3, job: jobId(3), at }]);
    await again.close();
  });

  it('lists payouts by index, closings by number and leaf files from the newest', async () => {
    const { store } = await open();
    const [first, second, third] = [linked(0), linked(2), linked(5)].map(({ payout }) => payout);
    const newer = { ...linked(7), payout: { ...linked(7).payout, index: 6 } };
    await store.append([linked(2), leaves(8), closing(2), linked(0), leaves(4), closing(1)]);
    await store.append([linked(5), newer]);
    expect(await store.payouts(0, 9)).toEqual([first, second, third, newer.payout]);
    expect(await store.payouts(1, 2)).toEqual([second, third]);
    expect(await store.payouts(7, 9)).toEqual([]);
    expect(await store.payoutsOf(keyOf(42))).toEqual([second]);
    expect(await store.payoutsOf(keyOf(99))).toEqual([]);
    const closings = [2, 1].map((job, before) => ({ number: before + 1, job: jobId(job), at }));
    expect(await store.closings(0, 9)).toEqual(closings);
    expect(await store.closings(0, 1)).toEqual(closings.slice(0, 1));
    expect(await store.closingsOf([jobId(1), jobId(9)])).toEqual(closings.slice(1));
    expect(await store.closingsOf([])).toEqual([]);
    expect(await store.leafFiles(9)).toEqual([leaves(4).file, leaves(8).file]);
    expect(await store.leafFiles(1)).toEqual([leaves(4).file]);
    const { file, root } = leaves(8);
    expect(await store.leafFile(file.dataHash)).toEqual({ file, root });
    expect(await store.leafFile('00'.repeat(32) as Digest)).toBeUndefined();
    await store.close();
  });
}
