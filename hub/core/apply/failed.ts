import { placesOf } from '#protocol/records/failed-items.ts';
import type { FactOf } from '../state/fact-lists.ts';
import type { Hub } from '../state/hub.ts';
import { examName, isGuarded } from '../state/questions.ts';
import { addRun, removeRun } from '../state/ranges.ts';

/** Items of a unit cannot be computed: it is open as it was mended, or nothing of it is left. */
export function applyItemsFailed(hub: Hub, fact: FactOf<'items-failed'>): void {
  const { job: id, unit, failed, since, mended } = fact;
  const job = hub.jobs.get(id);
  if (job === undefined) return;
  const before = placesOf(job.failed.get(unit)?.failed ?? []).length;
  job.failedItems += placesOf(failed).length - before;
  job.failed.set(unit, { failed, since, ...(mended === undefined ? {} : { mended }) });
  job.suspects.delete(unit);
  hub.exams.delete(examName(fact));
  if (mended !== undefined) return addRun(job.open, unit, unit + 1);
  removeRun(job.open, unit, unit + 1);
  job.failedUnits += 1;
  if (isGuarded(job)) addRun(job.released, unit, unit + 1);
}
