import { standingName } from '#protocol/checks/check-policy.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';

interface Counted {
  device: PublicKey;
  package: Digest;
  unitCount: number;
  standing: number;
}

/**
 * Counts a shard and gives the units its device has behind it. The hub says so in each shard, and
 * anyone can recompute it from the log; where this verifier has counted less, the less holds, since
 * that checks more: a hub cannot lend trust.
 */
export function countShard(standings: Map<string, number>, shard: Counted): number {
  const name = standingName(shard.device, shard.package);
  const standing = Math.min(shard.standing, standings.get(name) ?? Infinity);
  standings.set(name, standing + shard.unitCount);
  return standing;
}

/** A confirmed failure: the device begins again with every package. */
export function resetDevice(standings: Map<string, number>, device: PublicKey): void {
  for (const name of standings.keys()) {
    if (name.startsWith(`${device}/`)) standings.set(name, 0);
  }
}
