import type { PublicKey } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Hub } from '../state/hub.ts';

/** A device begins again: nothing it did until then counts for it, nor vouches for what comes. */
export function forgetStanding(hub: Hub, device: PublicKey, at: Instant): void {
  hub.resetAt.set(device, at);
  hub.standings.delete(device);
  hub.judgedWork.delete(device);
}
