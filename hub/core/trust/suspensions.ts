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

const find = ({ deviceRecords }: Hub, place: Place): Suspension | undefined =>
  deviceRecords
    .get(place.device)
    ?.suspensions.find(
      (each) => each.package === place.package && each.provider === place.provider,
    );

/** The fact that takes a provider from a device; none where it is lost already. */
export function suspend(
  { hub, world }: Turn,
  kept: KeptShard,
  where: ReasonOf<'too-far-off'>['values']['where'],
): Fact[] {
  const { device, package: id, provider } = kept;
  const isLost = (find(hub, kept)?.until ?? 0) > world.now;
  if (isLost || isUnderway(hub.underway, nameOf.suspend(device, id, provider))) return [];
  const until = after(world.now, SUSPENSION_MS);
  const reason = why('too-far-off', { provider, where });
  return [{ type: 'suspended', device, package: id, provider, until, reason, at: world.now }];
}

/** Why a device may not run a package on a provider, if so. */
export const suspensionReason = (hub: Hub, place: Place): Reason | undefined =>
  find(hub, place)?.reason;

/** Suspensions whose day is over end: the device may be admitted on that provider again. */
export function endSuspensions(turn: Turn): void {
  for (const device of turn.hub.devices.keys()) endSuspensionsOf(turn, device);
}

/** The same for one device. */
export function endSuspensionsOf({ hub, world }: Turn, device: PublicKey): void {
  const record = hub.deviceRecords.get(device);
  if (record?.suspensions.some(({ until }) => until <= world.now) !== true) return;
  record.suspensions = record.suspensions.filter(({ until }) => until > world.now);
}
