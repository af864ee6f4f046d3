import type { PublicKey } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Hub } from '../state/hub.ts';

/** A device begins again with every package: nothing it did until then counts for it. */
export function forgetStanding(hub: Hub, device: PublicKey, at: Instant): void {
  hub.resetAt.set(device, at);
  forgetOf(hub.standings, device);
}

/** Drops what is counted of a device under every package. */
export function forgetOf(counts: Map<string, number>, device: PublicKey): void {
  for (const name of counts.keys()) if (name.startsWith(`${device}/`)) counts.delete(name);
}
