import type { Digest, PublicKey } from '#protocol/ids.ts';
import type { Provider } from '#protocol/package.ts';
import { after, millis } from '#protocol/units.ts';
import type { Turn } from './effects.ts';
import type { Fact, Snapshot } from './events.ts';
import type { Hub, KeptShard } from './state.ts';

/**
 * A GPU that was found too far off, or at the end of its tolerance too often, computes that package no
 * more for a day: by device, package and provider, on disk, so that neither a new session nor a restart
 * brings it back. The device may go on with another provider meanwhile, on which it is admitted anew.
 */
const ASIDE_MS = millis(24 * 3_600_000);

type Place = { device: PublicKey; package: Digest; provider: Provider };

const placeName = ({ device, package: id, provider }: Place): string =>
  `${device}/${id}/${provider}`;

/** Nothing where it is set aside already: the first verdict counts. */
export function setAside({ hub, world }: Turn, kept: KeptShard, reason: string): Fact[] {
  if (hub.aside.has(placeName(kept))) return [];
  const { device, package: id, provider } = kept;
  const { now: at } = world;
  const until = after(at, ASIDE_MS);
  hub.aside.set(placeName(kept), { until, reason });
  return [{ type: 'set-aside', device, package: id, provider, until, reason, at }];
}

/** Why a device may not run a package on a provider, if so. */
export const asideReason = ({ aside }: Hub, place: Place): string | undefined =>
  aside.get(placeName(place))?.reason;

/** Its day is over: the device may be admitted on that provider again. */
export function endAside({ hub: { aside }, world }: Turn): void {
  for (const [name, { until }] of aside) if (until <= world.now) aside.delete(name);
}

export const restoreAside = ({ aside }: Snapshot): Hub['aside'] =>
  new Map(aside.map((set) => [placeName(set), { until: set.until, reason: set.reason }]));
