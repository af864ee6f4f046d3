import type { PublicKey } from '#protocol/values/ids.ts';
import { after, millis } from '#protocol/values/units.ts';
import type { Fact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';
import type { Aside } from '../state/trust.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import type { Turn } from '../turn.ts';

/**
 * A GPU that was found too far off computes that package no more for a day: by device, package and
 * provider, on disk, so that neither a new session nor a restart brings it back. The device may go
 * on with another provider meanwhile, on which it is admitted anew.
 */
const ASIDE_MS = millis(24 * 3_600_000);

type Place = Pick<Aside, 'package' | 'provider'> & { device: PublicKey };

const find = ({ aside }: Pick<Hub, 'aside'>, place: Place): Aside | undefined =>
  aside
    .get(place.device)
    ?.find((each) => each.package === place.package && each.provider === place.provider);

/**
 * The fact that takes a provider from a device; none where it is lost already: the first verdict
 * counts.
 */
export function suspend({ hub, world }: Turn, kept: KeptShard, reason: string): Fact[] {
  const { device, package: id, provider } = kept;
  const isLost = find(hub, kept) !== undefined;
  if (isLost || isUnderway(hub.underway, nameOf.suspend(device, id, provider))) return [];
  const until = after(world.now, ASIDE_MS);
  return [{ type: 'set-aside', device, package: id, provider, until, reason, at: world.now }];
}

export function addAside({ aside }: Hub, device: PublicKey, lost: Aside): void {
  aside.set(device, [...(aside.get(device) ?? []), lost]);
}

/** Why a device may not run a package on a provider, if so. */
export const asideReason = (hub: Hub, place: Place): string | undefined => find(hub, place)?.reason;

/** Its day is over: the device may be admitted on that provider again. */
export function endAside({ hub: { aside }, world }: Turn): void {
  for (const [device, lost] of aside) {
    const rest = lost.filter(({ until }) => until > world.now);
    if (rest.length === 0) aside.delete(device);
    else if (rest.length < lost.length) aside.set(device, rest);
  }
}
