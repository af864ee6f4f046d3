import type { PublicKey } from '#protocol/ids.ts';
import type { AcceptedShard } from '#protocol/records.ts';
import type { World } from './events.ts';
import { mayBegin } from './newcomers.ts';
import {
  addRun,
  coversRun,
  openRanges,
  type Ranges,
  removeRun,
  runsOutside,
  takeRun,
} from './ranges.ts';
import { type Holder, unitsHeld } from './shares.ts';
import type { Device, Hub, Job } from './state.ts';

/**
 * The second leg of a job of assurance 2: each unit is lent twice, to different devices, in leases
 * that look alike. The first leg is the job's result; the second is only compared with it
 * (`agreement.ts`).
 */
export interface Legs {
  /** Units whose second leg is neither lent nor delivered. */
  open: Ranges;
  /** Units whose second leg is delivered, or not needed any more since their result is final. */
  covered: Ranges;
  /** Units of which a device, or a network, has a leg, lent or delivered (`shares.ts`). */
  held: Map<Holder, Ranges>;
  /** Units whose legs are both there and found equal, or both found right. */
  agreed: Ranges;
  /** Units whose legs are both there and differ. */
  differing: Ranges;
}

type Run = Pick<AcceptedShard, 'firstUnit' | 'unitCount' | 'leg'>;

export const openLegs = (units: number): Legs => ({
  open: openRanges(0, units),
  covered: openRanges(0, 0),
  held: new Map(),
  agreed: openRanges(0, 0),
  differing: openRanges(0, 0),
});

/** Units, of either leg, that wait for a device. */
export const countOpen = ({ open, legs }: Job): number => open.count + (legs?.open.count ?? 0);

/** Whether every unit is accepted, from two devices where the job asks for that. */
export const isComplete = ({ record, acceptedUnits, legs }: Job): boolean =>
  acceptedUnits === record.units && (legs === undefined || legs.covered.count === record.units);

/**
 * Takes units off the front of what is open for a device: of either leg, by chance, so that nothing
 * tells a device which leg it computes.
 */
export function takeUnits(
  { hub, world }: { hub: Hub; world: World },
  { job, device, limit }: { job: Job; device: Device; limit: number },
): { first: number; count: number; leg?: 2 } | undefined {
  const { legs } = job;
  if (legs === undefined) return takeRun(job.open, limit);
  const mine = unitsHeld(hub, job, device.key);
  const second = () => {
    const run = takeRun(legs.open, limit, mine);
    return run === undefined ? undefined : { ...run, leg: 2 as const };
  };
  const isSecond = Number.parseInt(world.random().slice(0, 8), 16) % 2 === 1;
  if (isSecond) return second() ?? takeRun(job.open, limit, mine);
  return takeRun(job.open, limit, mine) ?? second();
}

/** Whether a device may be lent these units: nothing keeps it from the other leg of any of them. */
export function isIndependent(hub: Hub, job: Job, by: { device: PublicKey; run: Run }): boolean {
  const mine = unitsHeld(hub, job, by.device);
  if (mine === undefined) return true;
  const { firstUnit, unitCount } = by.run;
  const [free] = runsOutside(mine, firstUnit, firstUnit + unitCount);
  return free?.first === firstUnit && free.end === firstUnit + unitCount;
}

/** Whether a device could be lent anything of what is open. */
function canTake(hub: Hub, job: Job, device: PublicKey): boolean {
  const { open, legs } = job;
  if (legs === undefined) return open.count > 0;
  const mine = unitsHeld(hub, job, device) ?? openRanges(0, 0);
  return [...open.runs, ...legs.open.runs].some(
    ({ first, end }) => runsOutside(mine, first, end).length > 0,
  );
}

/** What is lent or delivered is not open. */
export function closeUnits({ open, legs }: Job, { leg, firstUnit, unitCount }: Run): void {
  const ranges = leg === 2 ? legs?.open : open;
  if (ranges !== undefined) removeRun(ranges, firstUnit, firstUnit + unitCount);
}

/**
 * Units that were lent, or delivered and are void now, are open again in their leg. Those of a second
 * leg that the job does not ask for, or whose result is final, are wanted no more.
 */
export function reopenUnits(job: Job, { leg, firstUnit, unitCount }: Run): void {
  const { open, legs, released } = job;
  const end = firstUnit + unitCount;
  if (leg === undefined) return addRun(open, firstUnit, end);
  if (legs === undefined) return;
  for (const run of runsOutside(released, firstUnit, end)) addRun(legs.open, run.first, run.end);
}

/** A second leg is delivered. */
export function coverUnits({ legs }: Job, { firstUnit, unitCount }: Run): void {
  if (legs !== undefined) addRun(legs.covered, firstUnit, firstUnit + unitCount);
}

/** Whether units of this leg can be lent as they are open: for a commitment found after a restart. */
export function isOpen({ open, legs }: Job, { leg, firstUnit, unitCount }: Run): boolean {
  const ranges = leg === 2 ? legs?.open : open;
  return ranges !== undefined && coversRun(ranges, firstUnit, firstUnit + unitCount);
}

/** Whether a running job waits for a device that may begin and has none of the units left. */
export function needsAnother(hub: Hub, job: Job): boolean {
  if (job.legs === undefined || job.leases.size > 0 || countOpen(job) === 0) return false;
  return ![...hub.devices.keys()].some((key) => mayBegin(hub, key) && canTake(hub, job, key));
}
