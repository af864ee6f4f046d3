import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, type ReasonOf, why } from '#protocol/values/reason.ts';
import { after, millis } from '#protocol/values/units.ts';
import type { Fact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';
import type { Suspension } from '../state/trust.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import type { Turn } from '../turn.ts';

/**
 * A GPU that was found too far off computes that package no more for a day: by device, package and
 * provider, on disk, so that neither a new session nor a restart brings it back. The device may go
 * on with another provider meanwhile, on which it is admitted anew.
 */
const SUSPENSION_MS = millis(24 * 3_600_000);

type Place = Pick<Suspension, 'package' | 'provider'> & { device: PublicKey };

const find = ({ suspensions }: Pick<Hub, 'suspensions'>, place: Place): Suspension | undefined =>
  suspensions
    .get(place.device)
    ?.find((each) => each.package === place.package && each.provider === place.provider);

/** The fact that takes a provider from a device; none where it is lost already. */
export function suspend(
  { hub, world }: Turn,
  kept: KeptShard,
  where: ReasonOf<'too-far-off'>['values']['where'],
): Fact[] {
  const { device, package: id, provider } = kept;
  const isLost = find(hub, kept) !== undefined;
  if (isLost || isUnderway(hub.underway, nameOf.suspend(device, id, provider))) return [];
  const until = after(world.now, SUSPENSION_MS);
  const reason = why('too-far-off', { provider, where });
  return [{ type: 'suspended', device, package: id, provider, until, reason, at: world.now }];
}

/** A device has lost a provider for a package. */
export function addSuspension({ suspensions }: Hub, device: PublicKey, lost: Suspension): void {
  suspensions.set(device, [...(suspensions.get(device) ?? []), lost]);
}

/** Why a device may not run a package on a provider, if so. */
export const suspensionReason = (hub: Hub, place: Place): Reason | undefined =>
  find(hub, place)?.reason;

/** Its day is over: the device may be admitted on that provider again. */
export function endSuspensions({ hub: { suspensions }, world }: Turn): void {
  for (const [device, lost] of suspensions) {
    const rest = lost.filter(({ until }) => until > world.now);
    if (rest.length === 0) suspensions.delete(device);
    else if (rest.length < lost.length) suspensions.set(device, rest);
  }
}
