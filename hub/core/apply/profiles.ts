import type { FactOf } from '../state/fact-lists.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';

/** A contributor has another public name or team, or none of both any more. */
export function applyProfile(hub: Hub, fact: FactOf<'profile'>): void {
  const { device, name, team, signedAt, at } = fact;
  const known = hub.profiles.get(device);
  hub.profiles.delete(device);
  if (name === undefined && team === undefined) return;
  const { since = at, from = hub.nextSequence, units = 0 } = known ?? {};
  hub.profiles.set(device, {
    ...(name !== undefined && { name }),
    ...(team !== undefined && { team }),
    ...{ signedAt, since, from, units },
  });
}

type Counted = Pick<KeptShard, 'device' | 'sequence' | 'unitCount'>;

/** Units of a shard were accepted, or are void. */
export function countForProfile(hub: Hub, shard: Counted, sign: 1 | -1): void {
  const profile = hub.profiles.get(shard.device);
  if (profile === undefined || shard.sequence < profile.from) return;
  profile.units = Math.max(0, profile.units + sign * shard.unitCount);
}
