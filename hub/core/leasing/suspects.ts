import type { Lease } from '#protocol/records/records.ts';
import type { Job, UnitFailure } from '../state/job.ts';

/** Where leases are cut smaller, at most: the oldest cuts go first. */
const CUTS_MAX = 4_096;

/**
 * Notes that one of the units [first, first + count) failed on a device. One alone is a suspect;
 * where there are several, they are lent in halves from now on, until the one at fault is found.
 */
export function noteFailure(
  job: Job,
  { first, count }: { first: number; count: number },
  failure: UnitFailure,
): void {
  if (job.state !== 'running') return;
  if (count > 1) return cutUnits(job, first, count);
  const { failures, ties } = job.suspects.get(first) ?? { failures: [], ties: 0 };
  job.suspects.set(first, { failures: [...failures, failure], ties });
}

/** Whether a unit of a lease failed before: another lease on the same units would only fail again. */
export function holdsSuspect({ suspects, cuts }: Job, { firstUnit, unitCount }: Lease): boolean {
  for (let unit = firstUnit; unit < firstUnit + unitCount; unit += 1) {
    if (suspects.has(unit) || (unit > firstUnit && cuts.has(unit))) return true;
  }
  return false;
}

function cutUnits({ cuts }: Job, first: number, count: number): void {
  for (const cut of [first, first + Math.ceil(count / 2), first + count]) cuts.add(cut);
  for (const oldest of cuts) {
    if (cuts.size <= CUTS_MAX) return;
    cuts.delete(oldest);
  }
}
