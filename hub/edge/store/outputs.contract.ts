import { expect, it } from 'vitest';
import { instant } from '#protocol/values/units.ts';
import type { Fact } from '../../core/state/facts.ts';
import {
  accepted,
  acceptedShard,
  committed,
  committedShard,
  jobArchived,
  jobCreated,
  jobId,
  leaseId,
  outputsOf,
  saltOf,
} from './sample-facts.ts';
import { loadAll, type StoreWorld, unitsIn } from './store-world.ts';

const at = instant(5_000);
const voided = (sequence: number, job = 1): Fact => ({
  type: 'voided',
  sequence,
  job: jobId(job),
  at,
});
const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** Part of the suite of every store: what came with shards comes back, moved or not. */
export function checkOutputs(open: () => Promise<StoreWorld>): void {
  it('finds the shards that overlap a range, with their bytes', async () => {
    const { store, move } = await open();
    const choices = [
      { index: 4, sequence: 0, firstUnit: 4, unitCount: 2 },
      { index: 5, sequence: 1, firstUnit: 0, unitCount: 4 },
      { index: 6, sequence: 2, firstUnit: 2, unitCount: 6 },
      { index: 7, sequence: 3, firstUnit: 0, unitCount: 8, job: 2 },
    ];
    await store.append(choices.map((choice) => accepted(choice)));
    await move?.(jobId(1));
    const found = async (from: number, to: number, job = 1) =>
      (await store.results(jobId(job), unitsIn(from, to))).map(({ shard }) => shard.sequence);
    expect(await found(0, 8)).toEqual([0, 1, 2]);
    expect(await found(4, 5)).toEqual([0, 2]);
    expect(await found(0, 2)).toEqual([1]);
    expect(await found(8, 9)).toEqual([]);
    expect(await found(0, 9, 2)).toEqual([3]);
    const [first] = await store.results(jobId(1), unitsIn(4, 5));
    expect(first).toEqual({
      shard: acceptedShard({ index: 4, sequence: 0, firstUnit: 4 }),
      outputs: outputsOf({ index: 4 }),
    });
    expect(await store.spans(jobId(1), unitsIn(4, 5))).toEqual([
      { firstUnit: 4, unitCount: 2 },
      { firstUnit: 2, unitCount: 6 },
    ]);
    await store.close();
  });

  it('keeps bytes of any length, and views into larger buffers', async () => {
    const { store, move } = await open();
    const lengths = [0, 1, 4_095, 70_001, 1_000_000];
    await store.append(lengths.map((length, index) => accepted({ index }, length)));
    const view = new Uint8Array(64).fill(9).subarray(8, 11);
    const last = accepted({ index: 9 });
    if (last.type === 'accepted') await store.append([{ ...last, outputs: view }]);
    await move?.(jobId(1));
    const results = await store.results(jobId(1), unitsIn(0, 8));
    const sent = [...lengths.map((length, index) => outputsOf({ index }, length)), view];
    expect(results.map(({ outputs }) => encode(outputs))).toEqual(sent.map(encode));
    await store.close();
  });

  it('leaves a voided shard out of results, and keeps it for who asks by its lease', async () => {
    const { store, move } = await open();
    const [a, b, c] = [
      { index: 0, firstUnit: 0, unitCount: 3 },
      { index: 1, firstUnit: 3, unitCount: 2 },
      { index: 2, firstUnit: 0, unitCount: 4, job: 2 },
    ];
    await store.append([jobCreated(1), jobCreated(2)]);
    await store.append([a, b, c].flatMap((choice) => [committed(choice), accepted(choice)]));
    await store.append([voided(0), voided(2, 2)]);
    expect((await loadAll(store)).slice(-2)).toEqual([voided(0), voided(2, 2)]);
    await move?.(jobId(2), jobId(1));
    expect(await store.results(jobId(1), unitsIn(0, 8))).toHaveLength(1);
    expect(await store.receipts(jobId(2), 0, 8)).toEqual([]);
    for (const choice of [a, b, c]) {
      const delivered = { shard: acceptedShard(choice), outputs: outputsOf(choice) };
      expect(await store.delivered(delivered.shard.lease)).toEqual(delivered);
    }
    const receipt = { shard: acceptedShard(a), salt: saltOf(a) };
    expect(await store.receipt(receipt.shard.lease)).toMatchObject(receipt);
    expect(await store.delivered(leaseId(99))).toBeUndefined();
    await store.close();
  });

  it('keeps the fingerprints of a shard, void or not, with the log entry that gave their seed', async () => {
    const { store, reopen, move } = await open();
    const [tapped, plain] = [{ index: 0 }, { index: 1, firstUnit: 2 }];
    const fingerprints = outputsOf({ index: 7 }, 70_001);
    const fact = accepted(tapped, 100_000);
    if (fact.type !== 'accepted') throw new Error('no shard');
    await store.append([jobCreated(1), committed(tapped), committed(plain)]);
    await store.append([{ ...fact, fingerprints }, accepted(plain), voided(0)]);
    await move?.(jobId(1));
    const { entry, logSignature } = committedShard(tapped);
    const kept = { shard: acceptedShard(tapped), entry, logSignature, fingerprints };
    expect(await store.fingerprints(kept.shard.lease)).toEqual(kept);
    expect(await store.fingerprints(acceptedShard(plain).lease)).toBeUndefined();
    expect(await store.fingerprints(leaseId(99))).toBeUndefined();
    expect((await store.delivered(kept.shard.lease))?.outputs).toEqual(fact.outputs);
    await store.close();
    const again = await reopen?.();
    expect(await (again ?? { fingerprints: () => kept }).fingerprints(kept.shard.lease)).toEqual(
      kept,
    );
    await again?.close();
  });

  it('gives no outputs of a job whose data was removed, and those of others', async () => {
    const { store, move } = await open();
    const [gone, stays] = [{ index: 0 }, { index: 1, job: 2 }];
    await store.append([gone, stays].flatMap((choice) => [committed(choice), accepted(choice)]));
    await move?.(jobId(1), jobId(2));
    await store.append([jobArchived(1), { type: 'data-removed', job: jobId(1), at }]);
    expect(await store.results(jobId(1), unitsIn(0, 8))).toEqual([]);
    expect(await store.delivered(acceptedShard(gone).lease)).toBeUndefined();
    expect(await store.fingerprints(acceptedShard(gone).lease)).toBeUndefined();
    expect((await store.delivered(acceptedShard(stays).lease))?.outputs).toEqual(outputsOf(stays));
    await store.close();
  });
}
