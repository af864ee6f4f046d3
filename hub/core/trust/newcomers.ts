import { NEWCOMER_UNIT_COST } from '#protocol/checks/check-policy.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Hub } from '../state/hub.ts';
import type { Newcomers } from '../state/trust.ts';

/** A device between two of its bans. */
const placeName = (device: PublicKey, bansBefore: number): string => `${device}/${bansBefore}`;

/** Nobody has begun. */
export const openNewcomers = (): Newcomers => ({
  begun: new Map(),
  bans: new Map(),
  lent: new Map(),
  beginning: new Map(),
  first: { begun: 0, beginning: 0 },
  taken: 0,
  line: new Map(),
  lastInLine: 0,
});

/** Who has begun, without what is lent. */
export function keptNewcomers({ begun, bans }: Newcomers): Newcomers {
  const places = [...begun.values()];
  const first = { begun: places.filter((each) => each === 0).length, beginning: 0 };
  const taken = places.reduce((sum, each) => sum + each, 0);
  return { ...openNewcomers(), begun, bans, first, taken };
}

/** The device is new again. */
export function noteBan(hub: Hub, device: PublicKey, at: number): void {
  const { bans } = hub.newcomers;
  bans.set(device, [...(bans.get(device) ?? []), at]);
  reserve(hub, device);
}

/** Undoes that ban: the device has the place from before it, and no second one from after it. */
export function dropBar(hub: Hub, device: PublicKey, at: number): void {
  const { newcomers } = hub;
  const { bans, begun } = newcomers;
  const before = bans.get(device) ?? [];
  const dropped = before.indexOf(at);
  if (dropped < 0) return;
  bans.set(
    device,
    before.filter((_, place) => place !== dropped),
  );
  for (let life = dropped + 1; life <= before.length; life += 1) {
    const later = begun.get(placeName(device, life));
    if (later === undefined) continue;
    const earlier = begun.get(placeName(device, life - 1));
    const places = later === 0 || earlier === 0 ? 0 : Math.max(later, earlier ?? 0);
    hold(newcomers, 'begun', { key: placeName(device, life), places: undefined });
    hold(newcomers, 'begun', { key: placeName(device, life - 1), places });
  }
  reserve(hub, device);
}

/** A shard of this device that was revealed then is accepted: its place is taken for good. */
export function keepPlace(
  hub: Hub,
  shard: Pick<AcceptedShard, 'device' | 'at' | 'unitCost'>,
): void {
  const { newcomers } = hub;
  const { device, at, unitCost } = shard;
  const bansBefore = (newcomers.bans.get(device) ?? []).filter((bannedAt) => bannedAt < at).length;
  const name = placeName(device, bansBefore);
  const held = newcomers.begun.get(name);
  // By what is on disk alone: a restart comes to the same.
  const isFirst = held === 0 || (held === undefined && newcomers.first.begun < burstOf(hub));
  const places = isFirst ? 0 : Math.max(held ?? 0, placesFor(unitCost));
  hold(newcomers, 'begun', { key: name, places });
  reserve(hub, device);
}

/** Whether a shard of this device was ever accepted. */
export function hasWorked({ begun, bans }: Newcomers, device: PublicKey): boolean {
  const lives = (bans.get(device)?.length ?? 0) + 1;
  return Array.from({ length: lives }, (_, life) => placeName(device, life)).some((name) =>
    begun.has(name),
  );
}

/** A lease of units of this cost was given out. */
export function takePlace(hub: Hub, device: PublicKey, unitCost: number): void {
  const { lent, line } = hub.newcomers;
  line.delete(device);
  lent.set(device, [...(lent.get(device) ?? []), unitCost]);
  reserve(hub, device);
}

/** A lease of units of this cost has ended. */
export function returnPlace(hub: Hub, device: PublicKey, unitCost: number): void {
  const { lent } = hub.newcomers;
  const costs = lent.get(device) ?? [];
  const ended = costs.indexOf(unitCost);
  const rest = costs.filter((_, place) => place !== ended);
  if (rest.length > 0) lent.set(device, rest);
  else lent.delete(device);
  reserve(hub, device);
}

/** Whether a device may be lent units of this cost: it has the places, or they are free for it. */
export function mayBegin(hub: Hub, device: PublicKey, unitCost: number): boolean {
  const { newcomers } = hub;
  const more = placesMissing(hub, device, unitCost);
  if (more === 0) return true;
  const free = placesOf(hub) - firstOf(newcomers) - newcomers.taken;
  let ahead = 0;
  for (const other of newcomers.line.keys()) {
    if (other === device || ahead + more > free) break;
    ahead += 1;
  }
  return ahead + more <= free;
}

/** Why a device cannot be lent units of this cost yet, if so; it is in the line from then on. */
export function placeProblem(hub: Hub, device: PublicKey, unitCost: number): Reason | undefined {
  if (mayBegin(hub, device, unitCost)) return undefined;
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

const placesFor = (unitCost: number): number => Math.ceil(unitCost / NEWCOMER_UNIT_COST);

/** What a device holds for good: 0 where it was among the first, undefined where it is new. */
const placesHeld = ({ begun, bans }: Newcomers, device: PublicKey): number | undefined =>
  begun.get(placeName(device, bans.get(device)?.length ?? 0));

/** How many places a device takes that it does not hold, to be lent units of this cost. */
function placesMissing(hub: Hub, device: PublicKey, unitCost: number): number {
  const { newcomers } = hub;
  const held = placesHeld(newcomers, device);
  const beginning = newcomers.beginning.get(device);
  if (held === 0 || (held === undefined && beginning === 0)) return 0;
  if (held === undefined && beginning === undefined && firstOf(newcomers) < burstOf(hub)) return 1;
  return Math.max(0, placesFor(unitCost) - (held ?? 0) - (beginning ?? 0));
}

/** Takes for a device what its leases need beyond the places it holds. */
function reserve(hub: Hub, device: PublicKey): void {
  hold(hub.newcomers, 'beginning', { key: device, places: placesToReserve(hub, device) });
}

function placesToReserve(hub: Hub, device: PublicKey): number | undefined {
  const { newcomers } = hub;
  const held = placesHeld(newcomers, device);
  const costs = newcomers.lent.get(device);
  if (costs === undefined || held === 0) return undefined;
  const places = placesFor(Math.max(...costs));
  if (held !== undefined) return places > held ? places - held : undefined;
  const before = newcomers.beginning.get(device);
  const isFirst = before === 0 || (before === undefined && firstOf(newcomers) < burstOf(hub));
  return isFirst ? 0 : places;
}

/** Sets or ends one entry of places that are taken, and keeps the sums. */
function hold(
  newcomers: Newcomers,
  how: 'begun' | 'beginning',
  { key, places }: { key: string; places: number | undefined },
): void {
  const entries: Map<string, number> = newcomers[how];
  const before = entries.get(key);
  newcomers.taken += (places ?? 0) - (before ?? 0);
  newcomers.first[how] += (places === 0 ? 1 : 0) - (before === 0 ? 1 : 0);
  if (places === undefined) entries.delete(key);
  else entries.set(key, places);
}

const firstOf = ({ first }: Newcomers): number => first.begun + first.beginning;

const burstOf = ({ config }: Hub): number => config.newcomers?.burst ?? Infinity;

/** Places there are by now, taken or free. */
function placesOf({ config, acceptedWork }: Hub): number {
  const { newcomers } = config;
  if (newcomers === undefined) return Infinity;
  return newcomers.burst + Math.floor(acceptedWork / (newcomers.unitsEach * NEWCOMER_UNIT_COST));
}

/** For the grid's view; nothing where new devices are not limited. */
export function viewNewcomers(hub: Hub) {
  const { newcomers, config } = hub;
  if (config.newcomers === undefined) return undefined;
  return {
    places: placesOf(hub),
    taken: firstOf(newcomers) + newcomers.taken,
    waiting: newcomers.line.size,
    unitsEach: config.newcomers.unitsEach,
  };
}
