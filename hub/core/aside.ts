import type { Digest, PublicKey } from '#protocol/ids.ts';
import type { Provider } from '#protocol/package.ts';
import { after, type Instant, millis } from '#protocol/units.ts';
import type { Turn } from './effects.ts';
import type { Fact, Snapshot } from './events.ts';
import type { Hub, KeptShard } from './state.ts';

/**
 * A GPU that was found too far off computes that package no
 * more for a day: by device, package and provider, on disk, so that neither a new session nor a restart
 * brings it back. The device may go on with another provider meanwhile, on which it is admitted anew.
 */
const ASIDE_MS = millis(24 * 3_600_000);

/** One provider of one package that a device has lost. */
export interface Aside {
  package: Digest;
  provider: Provider;
  until: Instant;
  reason: string;
}

type Place = Pick<Aside, 'package' | 'provider'> & { device: PublicKey };

const find = ({ aside }: Pick<Hub, 'aside'>, place: Place): Aside | undefined =>
  aside
    .get(place.device)
    ?.find((each) => each.package === place.package && each.provider === place.provider);

/** Nothing where it is set aside already: the first verdict counts. */
export function setAside({ hub, world }: Turn, kept: KeptShard, reason: string): Fact[] {
  if (find(hub, kept) !== undefined) return [];
  const { device, package: id, provider } = kept;
  const lost = { package: id, provider, until: after(world.now, ASIDE_MS), reason };
  addAside(hub.aside, device, lost);
  return [{ type: 'set-aside', device, ...lost, at: world.now }];
}

function addAside(all: Hub['aside'], device: PublicKey, lost: Aside): void {
  all.set(device, [...(all.get(device) ?? []), lost]);
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

export function restoreAside({ aside }: Snapshot): Hub['aside'] {
  const all: Hub['aside'] = new Map();
  for (const { device, at: _, ...lost } of aside) addAside(all, device, lost);
  return all;
}
