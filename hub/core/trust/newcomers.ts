import { NEWCOMER_UNIT_COST } from '#protocol/checks/check-policy.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { between, type Instant, instant } from '#protocol/values/units.ts';
import type { Hub } from '../state/hub.ts';
import type { Ban, DeviceRecord, Newcomers, PlaceCount } from '../state/trust.ts';
import type { Turn } from '../turn.ts';
import { recordOf } from './device-record.ts';
import { countFailure, isOnProbation, usedPlaces } from './probation.ts';

/** How long a device that does nothing keeps its seat. */
const IDLE_MS = 30_000;
/** How long one that downloads and tries a model keeps its place in the line. */
const ADMISSION_MS = 60_000;

/** Nobody has begun. */
export const openNewcomers = (): Newcomers => ({
  begun: { first: 0, taken: 0 },
  lent: new Map(),
  seats: new Map(),
  beginningOf: new Map(),
  beginning: { first: 0, taken: 0 },
  probation: { work: 0, at: instant(0) },
  used: 0,
  line: new Map(),
  lastInLine: 0,
});

/** Who has begun, without what is lent. */
export const keptNewcomers = ({ begun, probation }: Newcomers): Newcomers => ({
  ...openNewcomers(),
  begun: { ...begun },
  probation: { ...probation },
});

/** Whether every device online waits for a place. */
export const allAreNew = ({ devices, newcomers: { line } }: Hub): boolean =>
  line.size === devices.size;

/** The device is new again. Where it was on probation its places are free again. */
export function noteBan(hub: Hub, { device, at, work }: Ban): void {
  const record = recordOf(hub, device);
  if (isNew(hub, device)) {
    const { unitCost = 0 } = (work && hub.shards.get(work.lease)) ?? {};
    countFailure(hub, unitCost, at);
  }
  record.bannedAt = [...record.bannedAt, at];
  endSeat(hub, device);
}

/** Undoes that ban: the device has the place from before it, and no second one from after it. */
export function dropBan(hub: Hub, device: PublicKey, at: Instant): void {
  const record = recordOf(hub, device);
  const before = record.bannedAt;
  const dropped = before.indexOf(at);
  if (dropped < 0) return;
  record.bannedAt = before.filter((_, place) => place !== dropped);
  for (let life = dropped + 1; life <= before.length; life += 1) {
    const later = record.places[life];
    if (later === undefined) continue;
    const earlier = record.places[life - 1];
    const places = later === 0 || earlier === 0 ? 0 : Math.max(later, earlier ?? 0);
    hold(hub, record, { life, places: undefined });
    hold(hub, record, { life: life - 1, places });
  }
  reserve(hub, device);
}

/** A shard that was revealed then is accepted: past its probation the device has its places for good. */
export function keepPlace(
  hub: Hub,
  shard: Pick<AcceptedShard, 'device' | 'at' | 'workBefore' | 'unitCost'>,
): void {
  if (isOnProbation(hub, shard)) return;
  const { device, at, unitCost } = shard;
  const record = recordOf(hub, device);
  const bansBefore = record.bannedAt.filter((bannedAt) => bannedAt < at).length;
  const held = record.places[bansBefore];
  // By what is on disk alone: a restart comes to the same.
  const { first } = hub.newcomers.begun;
  const isFirst = held === 0 || (held === undefined && first < burstOf(hub));
  const places = isFirst ? 0 : Math.max(held ?? 0, placesFor(unitCost));
  hold(hub, record, { life: bansBefore, places });
  reserve(hub, device);
}

/** Whether a device ever had a place for good; where there is no limit, whether it has worked. */
export function hasBegun({ deviceRecords, config }: Hub, device: PublicKey): boolean {
  const { places = {}, standing = 0 } = deviceRecords.get(device) ?? {};
  return Object.keys(places).length > 0 || (config.newcomers === undefined && standing > 0);
}

/** Whether a device has no place for good. */
export const isNew = (hub: Hub, device: PublicKey): boolean =>
  hub.config.newcomers !== undefined && placesHeld(hub, device) === undefined;

/** A lease of units of this cost was given out. */
export function takePlace(hub: Hub, device: PublicKey, unitCost: number): void {
  const { lent, line, seats } = hub.newcomers;
  line.delete(device);
  lent.set(device, (lent.get(device) ?? 0) + 1);
  const { unitCost: before = 0 } = seats.get(device) ?? {};
  seats.set(device, { unitCost: Math.max(before, unitCost) });
  reserve(hub, device);
}

/** A lease has ended; a device that let it expire loses its seat. */
export function returnPlace({ newcomers }: Hub, device: PublicKey, how?: 'failed'): void {
  const { lent, seats } = newcomers;
  const rest = (lent.get(device) ?? 0) - 1;
  if (rest > 0) lent.set(device, rest);
  else lent.delete(device);
  const seat = seats.get(device);
  if (how === 'failed' && seat !== undefined) seat.isOver = true;
}

/**
 * Ends seats of devices that have gone, do nothing or let a lease expire, once nothing of them
 * waits for checks. Who takes long to try a model lets others pass.
 */
export function endSeats({ hub, world: { now } }: Turn): void {
  const { newcomers, devices, inFlight } = hub;
  newcomers.used = usedPlaces(hub, now);
  for (const [device, seat] of newcomers.seats) {
    if (newcomers.lent.has(device) || inFlight.has(device)) {
      delete seat.idleSince;
      continue;
    }
    seat.idleSince ??= now;
    const isIdle = between(seat.idleSince, now) >= IDLE_MS;
    if (seat.isOver || isIdle || !devices.has(device)) endSeat(hub, device);
  }
  for (const device of [...newcomers.line.keys()]) {
    const since = devices.get(device)?.admitting?.since;
    if (since !== undefined && between(since, now) >= ADMISSION_MS) newcomers.line.delete(device);
  }
}

function endSeat(hub: Hub, device: PublicKey): void {
  hub.newcomers.seats.delete(device);
  reserve(hub, device);
}

/** Whether a device may be lent units of this cost: it has the places, or they are free for it. */
export function mayBegin(hub: Hub, device: PublicKey, unitCost: number): boolean {
  const { newcomers } = hub;
  const more = placesMissing(hub, device, unitCost);
  if (more === 0) return true;
  const free = placesOf(hub) - takenOf(newcomers) - newcomers.used;
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
function placesHeld({ deviceRecords }: Hub, device: PublicKey): number | undefined {
  const record = deviceRecords.get(device);
  return record?.places[record.bannedAt.length];
}

/** How many places a device takes that it does not hold, to be lent units of this cost. */
function placesMissing(hub: Hub, device: PublicKey, unitCost: number): number {
  const { newcomers } = hub;
  const held = placesHeld(hub, device);
  const beginning = newcomers.beginningOf.get(device);
  if (held === 0 || (held === undefined && beginning === 0)) return 0;
  if (held === undefined && beginning === undefined && firstOf(newcomers) < burstOf(hub)) return 1;
  return Math.max(0, placesFor(unitCost) - (held ?? 0) - (beginning ?? 0));
}

/** Takes for a device what its seat needs beyond the places it holds for good. */
function reserve(hub: Hub, device: PublicKey): void {
  const { beginning, beginningOf, seats } = hub.newcomers;
  const places = placesToReserve(hub, device);
  recount(beginning, beginningOf.get(device), places);
  if (places !== undefined) {
    beginningOf.set(device, places);
    return;
  }
  beginningOf.delete(device);
  seats.delete(device);
}

function placesToReserve(hub: Hub, device: PublicKey): number | undefined {
  const { newcomers } = hub;
  const held = placesHeld(hub, device);
  const seat = newcomers.seats.get(device);
  if (seat === undefined || held === 0) return undefined;
  const places = placesFor(seat.unitCost);
  if (held !== undefined) return places > held ? places - held : undefined;
  const before = newcomers.beginningOf.get(device);
  const isFirst = before === 0 || (before === undefined && firstOf(newcomers) < burstOf(hub));
  return isFirst ? 0 : places;
}

/** Sets or ends what a device holds for good after so many bans. */
function hold(
  { newcomers }: Hub,
  record: DeviceRecord,
  { life, places }: { life: number; places: number | undefined },
): void {
  const { [life]: before, ...others } = record.places;
  if (before === places) return;
  recount(newcomers.begun, before, places);
  record.places = places === undefined ? others : { ...others, [life]: places };
}

/** One entry of places changes; undefined where there is none. */
function recount(count: PlaceCount, before: number | undefined, now: number | undefined): void {
  count.taken += (now ?? 0) - (before ?? 0);
  count.first += (now === 0 ? 1 : 0) - (before === 0 ? 1 : 0);
}

const firstOf = ({ begun, beginning }: Newcomers): number => begun.first + beginning.first;

const takenOf = ({ begun, beginning }: Newcomers): number =>
  begun.first + begun.taken + beginning.first + beginning.taken;

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
    taken: takenOf(newcomers) + newcomers.used,
    waiting: newcomers.line.size,
    unitsEach: config.newcomers.unitsEach,
  };
}
