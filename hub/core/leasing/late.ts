import { after, between, type Instant, millis } from '#protocol/values/units.ts';
import type { ActiveLease, Job } from '../state/job.ts';
import type { Turn } from '../turn.ts';
import { twinAfterMs } from './lane.ts';

/** A lease this much later than expected gets a twin on an idle device near the job's end. */
const STRAGGLER_FACTOR = 1.5;
/** And a lease is late by this much at least. */
const LATE_MS = 1_000;

/** How long a lease may take by what is expected of its device. */
export const timelyMs = ({ expectedMs }: Pick<ActiveLease, 'expectedMs'>): number =>
  STRAGGLER_FACTOR * expectedMs + LATE_MS;

/** Tells which leases of a job are so late that another device is to be given the same. */
export function openLateness({ world }: Turn, job: Job): (active: ActiveLease) => boolean {
  const usualMs = twinAfterMs(job);
  return (active) => between(active.issuedAt, world.now) >= (usualMs ?? timelyMs(active));
}

/** When a lease of a job is late, if it has not ended by then. */
export const lateFrom = (job: Job, active: ActiveLease): Instant =>
  after(active.issuedAt, millis(twinAfterMs(job) ?? timelyMs(active)));

/** Whether a lease of a job is late that has no twin yet. */
export function hasLate(turn: Turn, job: Job): boolean {
  const isLate = openLateness(turn, job);
  return [...job.leases].some((id) => {
    const active = turn.hub.leases.get(id);
    return active !== undefined && active.twin === undefined && isLate(active);
  });
}
