import type { PublicKey } from '#protocol/values/ids.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Hub, Waiting } from '../state/hub.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import type { Turn } from '../turn.ts';

/** Devices that are looked up at once, and who waits for one of them. */
const RECALLS_MAX = 1_000;
const WAITING_MAX = 8;

/** Whether all that is known of a device is in the state. */
export function isHere(hub: Hub, device: PublicKey): boolean {
  if (hub.recalls.has(device)) return false;
  if (isUnderway(hub.underway, nameOf.archiveDevice(device))) return false;
  return hub.archivedDevices === 0 || hub.deviceRecords.has(device) || hub.devices.has(device);
}

/**
 * Looks a device up in the store; who asks goes on when it is here. A device whose record is just
 * being archived is back as soon as that is done.
 */
export function recallDevice(turn: Turn, device: PublicKey, asks: Waiting): Refusal | undefined {
  const { hub, effects } = turn;
  const known = hub.recalls.get(device);
  if (hub.recalls.size >= RECALLS_MAX || (known?.length ?? 0) >= WAITING_MAX) {
    return refusal('busy', 'too many devices are being looked up; try again in a few seconds');
  }
  if (known !== undefined) return void known.push(asks);
  hub.recalls.set(device, [asks]);
  const isLeaving = isUnderway(hub.underway, nameOf.archiveDevice(device));
  if (!isLeaving) effects.push({ type: 'load', device });
  return undefined;
}
