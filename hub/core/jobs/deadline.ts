import { type Reason, why } from '#protocol/values/reason.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Job } from '../state/job.ts';
import { changed, type Turn } from '../turn.ts';

/** Looks anew which jobs are late, or will be at the speed of their devices. */
export function noteLate(turn: Turn): void {
  for (const job of turn.hub.openJobs.values()) {
    const late = lateness(job, turn.world.now);
    if (late?.code === job.late?.code) continue;
    job.late = late;
    changed(turn, job);
  }
}

function lateness(job: Job, now: Instant): Reason | undefined {
  const { deadline } = job.record;
  if (deadline === undefined) return undefined;
  if (now > deadline) return why('deadline-passed', {});
  const left = job.open.count + job.leasedUnits;
  const isNear = job.state === 'running' && now + left / job.fleet.speed > deadline;
  return isNear && job.fleet.speed > 0 ? why('deadline-near', {}) : undefined;
}

/** Why results of a job come after its deadline, or came after it. */
export function latenessOf({ record, endedAt, late }: Job): Reason | undefined {
  if (endedAt === undefined) return late;
  const { deadline = Number.POSITIVE_INFINITY } = record;
  return endedAt > deadline ? why('deadline-passed', {}) : undefined;
}
