import { expect, it } from 'vitest';
import { instant } from '#protocol/values/units.ts';
import {
  accepted,
  acceptedShard,
  committed,
  committedShard,
  jobCreated,
  jobId,
  leaseId,
  outputsOf,
} from './sample-facts.ts';
import type { StoreWorld } from './store-world.ts';

/** Part of the suite of every store: fingerprints come back with what gave their seed. */
export function checkFingerprints(open: () => Promise<StoreWorld>): void {
  it('keeps the fingerprints of a shard, void or not, with the log entry that gave their seed', async () => {
    const { store, reopen } = await open();
    const [tapped, plain] = [{ index: 0 }, { index: 1, firstUnit: 2 }];
    const fingerprints = outputsOf({ index: 7 }, 70_001);
    const fact = accepted(tapped, 100_000);
    if (fact.type !== 'accepted') throw new Error('no shard');
    await store.append([jobCreated(1), committed(tapped), committed(plain)]);
    const voided = { sequence: 0, job: jobId(1), reason: 'wrong inside', at: instant(5_000) };
    await store.append([{ ...fact, fingerprints }, accepted(plain), { type: 'voided', ...voided }]);
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
}
