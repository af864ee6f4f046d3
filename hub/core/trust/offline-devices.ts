import type { PublicKey } from '#protocol/values/ids.ts';
import type { Fact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { DeviceRecord } from '../state/trust.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { store, type Turn } from '../turn.ts';

/** Devices that are offline and stay in memory. */
const OFFLINE_MAX = 10_000;
/** Records that one tick looks at. */
const LOOKED_AT_MAX = 1_000;

/**
 * Records of devices that are gone the longest leave the state, where too many of them are in it.
 * They are read from the store when their devices come back.
 */
export function archiveDevices(turn: Turn): void {
  const { hub, world } = turn;
  const { offlineDevicesMax = OFFLINE_MAX } = hub.config;
  const excess = hub.deviceRecords.size - hub.devices.size - offlineDevicesMax;
  // What is on its way is in memory still, and counted.
  if (excess <= 0 || isUnderway(hub.underway, nameOf.archivedDevices)) return;
  const facts: Fact[] = [];
  for (const [device, record] of oldest(hub.deviceRecords)) {
    if (facts.length >= excess) break;
    if (!mayLeave(hub, device, record)) {
      noteSeen(hub, device);
      continue;
    }
    facts.push({ type: 'device-archived', device, known: { ...record }, at: world.now });
  }
  if (facts.length > 0) store(turn, facts);
}

function oldest(records: Hub['deviceRecords']): (readonly [PublicKey, DeviceRecord])[] {
  const some: (readonly [PublicKey, DeviceRecord])[] = [];
  for (const entry of records) {
    if (some.length >= LOOKED_AT_MAX) break;
    some.push(entry);
  }
  return some;
}

/** Whether no message, fact or passing of time can change the record of a device. */
const mayLeave = (hub: Hub, device: PublicKey, record: DeviceRecord): boolean =>
  record.shards === 0 &&
  !hub.devices.has(device) &&
  !hub.newcomers.lent.has(device) &&
  !hub.recalls.has(device) &&
  !isUnderway(hub.underway, nameOf.device(device));

/** A device is or was here just now: its record is the last to leave. */
export function noteSeen({ deviceRecords }: Hub, device: PublicKey): void {
  const record = deviceRecords.get(device);
  if (record === undefined) return;
  deviceRecords.delete(device);
  deviceRecords.set(device, record);
}
