import { placesOf } from '#protocol/records/failed-items.ts';
import type { FactOf } from '../state/fact-lists.ts';
import type { Hub } from '../state/hub.ts';
import type { Job, KeptShard } from '../state/job.ts';
import { examName, isAccepted, isGuarded } from '../state/questions.ts';
import { addRun, removeRun } from '../state/ranges.ts';

/** Items of a unit cannot be computed: it is open as it was mended, or nothing of it is left. */
export function applyItemsFailed(hub: Hub, fact: FactOf<'items-failed'>): void {
  const { job: id, unit, failed, since, mended, stands } = fact;
  const job = hub.jobs.get(id);
  if (job === undefined) return;
  // Its shard became void meanwhile: the unit is computed anew.
  if (stands === true && !isAccepted(job, unit)) return void hub.exams.delete(examName(fact));
  const before = placesOf(job.failed.get(unit)?.failed ?? []).length;
  job.failedItems += placesOf(failed).length - before;
  job.failed.set(unit, {
    ...{ failed, since },
    ...(mended === undefined ? {} : { mended }),
    ...(stands === undefined ? {} : { stands }),
  });
  job.suspects.delete(unit);
  job.unexecuted.delete(unit);
  hub.exams.delete(examName(fact));
  if (stands === true) return;
  if (mended !== undefined) return addRun(job.open, unit, unit + 1);
  removeRun(job.open, unit, unit + 1);
  job.failedUnits += 1;
  if (isGuarded(job)) addRun(job.released, unit, unit + 1);
}

/** A shard is void: what was found of its units is found again when they are computed anew. */
export function forgetFailures(job: Job, { firstUnit, unitCount }: KeptShard): void {
  for (const unit of job.unexecuted) {
    if (unit >= firstUnit && unit < firstUnit + unitCount) job.unexecuted.delete(unit);
  }
  for (const [unit, { failed, stands }] of job.failed) {
    if (stands !== true || unit < firstUnit || unit >= firstUnit + unitCount) continue;
    job.failedItems -= placesOf(failed).length;
    job.failed.delete(unit);
  }
}
