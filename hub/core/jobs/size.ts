import { kindOf } from '../kinds/kind-of.ts';
import type { UnitSize } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import type { Turn } from '../turn.ts';

/**
 * The size of a model's units is what its first preparation came to, whatever the length of a job:
 * jobs of one model have one package, and a device goes on from one to the next.
 */

/** Has the edge cut a job into units of that size; false where it has them already. */
export function startRecut(turn: Turn, job: Job, size: UnitSize): boolean {
  const made = kindOf(job).cutInto(job.record, size);
  if (made === undefined) return false;
  const token = turn.hub.nextToken++;
  turn.hub.making.set(token, { type: 'recut', job: job.record.id, size });
  turn.effects.push({ type: 'recut', token, cut: made.cut });
  return true;
}

/** Cuts a job of a model that was prepared before as it was cut then; says whether it had to. */
export function recutAsKnown(turn: Turn, job: Job): boolean {
  const sizing = kindOf(job).sizing(job.record);
  if (sizing === undefined || sizing.isFinal) return false;
  const known = turn.hub.sizes.get(sizing.model);
  return known !== undefined && startRecut(turn, job, known);
}
