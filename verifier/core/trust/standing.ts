import type { AcceptedShard } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';

type Counted = Pick<AcceptedShard, 'device' | 'unitCount' | 'workBefore' | 'unitCost'>;

/**
 * Counts the work of a shard and gives what its device has behind it, in microseconds. The hub says
 * so in each shard, and anyone can recompute it from the log; where this verifier has counted less,
 * the less holds, since that checks more: a hub cannot lend trust.
 */
export function countShard(standings: Map<PublicKey, number>, shard: Counted): number {
  const { device, unitCount, workBefore, unitCost } = shard;
  const work = Math.min(workBefore, standings.get(device) ?? Infinity);
  standings.set(device, work + unitCount * unitCost);
  return work;
}

/** A confirmed failure: the device begins again. */
export function resetDevice(standings: Map<PublicKey, number>, device: PublicKey): void {
  if (standings.has(device)) standings.set(device, 0);
}
