import type { PublicKey } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Hub } from '../state/hub.ts';
import type { DeviceRecord } from '../state/trust.ts';

/** What is known of a device, for who changes it; a new device is known from now on. */
export function recordOf({ deviceRecords }: Hub, device: PublicKey): DeviceRecord {
  const known = deviceRecords.get(device) ?? newRecord();
  deviceRecords.set(device, known);
  return known;
}

const newRecord = (): DeviceRecord => ({
  standing: 0,
  judgedWork: 0,
  unrevealed: 0,
  suspensions: [],
  bannedAt: [],
  places: {},
  payouts: 0,
  shards: 0,
});

/** A device begins again: nothing it did until then counts for it, nor vouches for what comes. */
export function forgetStanding(hub: Hub, device: PublicKey, at: Instant): void {
  Object.assign(recordOf(hub, device), { resetAt: at, standing: 0, judgedWork: 0 });
}
