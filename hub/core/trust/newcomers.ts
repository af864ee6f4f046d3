import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Hub } from '../state/hub.ts';
import type { Newcomers } from '../state/trust.ts';

/** A device between two of its bans. */
const placeName = (device: PublicKey, bansBefore: number): string => `${device}/${bansBefore}`;

/** Nobody has begun. */
export const openNewcomers = (): Newcomers => ({
  begun: new Set(),
  bans: new Map(),
  beginning: new Map(),
  line: new Map(),
  lastInLine: 0,
});

/** The device is new again. */
export function noteBan({ bans }: Newcomers, device: PublicKey, at: number): void {
  bans.set(device, [...(bans.get(device) ?? []), at]);
}

/** Undoes that ban: the device has the place from before it, and no second one from after it. */
export function dropBar(newcomers: Newcomers, device: PublicKey, at: number): void {
  const { bans, begun, beginning } = newcomers;
  const before = bans.get(device) ?? [];
  const dropped = before.indexOf(at);
  if (dropped < 0) return;
  bans.set(
    device,
    before.filter((_, place) => place !== dropped),
  );
  for (let life = dropped + 1; life <= before.length; life += 1) {
    if (begun.delete(placeName(device, life))) begun.add(placeName(device, life - 1));
  }
  if (hasPlace(newcomers, device)) beginning.delete(device);
}

/** A shard of this device that was revealed then is accepted: its place is taken for good. */
export function keepPlace(newcomers: Newcomers, device: PublicKey, at: number): void {
  const bansBefore = (newcomers.bans.get(device) ?? []).filter((bannedAt) => bannedAt < at).length;
  newcomers.begun.add(placeName(device, bansBefore));
  if (hasPlace(newcomers, device)) newcomers.beginning.delete(device);
}

/** Whether a shard of this device was ever accepted. */
export function hasWorked({ begun, bans }: Newcomers, device: PublicKey): boolean {
  const lives = (bans.get(device)?.length ?? 0) + 1;
  return Array.from({ length: lives }, (_, life) => placeName(device, life)).some((name) =>
    begun.has(name),
  );
}

const hasPlace = ({ begun, bans }: Newcomers, device: PublicKey): boolean =>
  begun.has(placeName(device, bans.get(device)?.length ?? 0));

/** A lease was given out. */
export function takePlace({ newcomers }: Hub, device: PublicKey): void {
  const { beginning, line } = newcomers;
  line.delete(device);
  if (!hasPlace(newcomers, device)) beginning.set(device, (beginning.get(device) ?? 0) + 1);
}

/** A lease ended without a result. */
export function returnPlace({ newcomers: { beginning } }: Hub, device: PublicKey): void {
  const leases = (beginning.get(device) ?? 0) - 1;
  if (leases > 0) beginning.set(device, leases);
  else beginning.delete(device);
}

/** Whether a device may have its first lease now: it has a place, or one is free for it. */
export function mayBegin(hub: Hub, device: PublicKey): boolean {
  const { newcomers } = hub;
  if (hasPlace(newcomers, device) || newcomers.beginning.has(device)) return true;
  const free = placesOf(hub) - placesTaken(newcomers);
  let ahead = 0;
  for (const other of newcomers.line.keys()) {
    if (other === device || ahead >= free) break;
    ahead += 1;
  }
  return ahead < free;
}

/** Why a device cannot begin yet, if so; it is in the line from then on. */
export function placeProblem(hub: Hub, device: PublicKey): Reason | undefined {
  if (mayBegin(hub, device)) return undefined;
  const { newcomers, config } = hub;
  const { line } = newcomers;
  if (!line.has(device)) line.set(device, ++newcomers.lastInLine);
  const [first = 0] = line.values();
  const ahead = (line.get(device) ?? first) - first;
  return why('newcomers-full', { unitsEach: config.newcomers?.unitsEach ?? 0, ahead });
}

/** It could not use its turn, or has gone. */
export function leaveLine({ newcomers: { line } }: Hub, device: PublicKey): void {
  line.delete(device);
}

/** Places there are by now, taken or free. */
function placesOf({ config, acceptedUnits }: Hub): number {
  const { newcomers } = config;
  if (newcomers === undefined) return Infinity;
  return newcomers.burst + Math.floor(acceptedUnits / newcomers.unitsEach);
}

const placesTaken = ({ begun, beginning }: Newcomers): number => begun.size + beginning.size;

/** For the grid's view; nothing where new devices are not limited. */
export function viewNewcomers(hub: Hub) {
  const { newcomers, config } = hub;
  if (config.newcomers === undefined) return undefined;
  return {
    places: placesOf(hub),
    taken: placesTaken(newcomers),
    waiting: newcomers.line.size,
    unitsEach: config.newcomers.unitsEach,
  };
}
