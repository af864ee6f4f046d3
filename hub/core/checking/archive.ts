import type { JobId } from '#protocol/values/ids.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { after, millis } from '#protocol/values/units.ts';
import { forgetChecks } from '../apply/checks.ts';
import { earningRuns } from '../money/book.ts';
import { endedJobOf } from '../money/views.ts';
import type { HubCommand } from '../state/events.ts';
import type { Fact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { isDisputed, keptUntil } from '../state/questions.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { store, type Turn } from '../turn.ts';

/** How long a verdict on a job that ended may still be contradicted. */
const CHECKS_KEPT_MS = millis(600_000);

/**
 * Ten minutes after its end nothing is asked of a job any more. When all of it is judged it leaves
 * the state, and is read from the store.
 */
export function archiveJobs(turn: Turn): void {
  const { hub, world } = turn;
  for (const [id, job] of hub.jobs) {
    if (job.endedAt === undefined || world.now < after(job.endedAt, CHECKS_KEPT_MS)) continue;
    if (job.forgotten !== true) forgetChecks(hub, id);
    if (!isSettled(hub, job)) continue;
    if (isUnderway(hub.underway, nameOf.archive(id))) continue;
    const { acceptedUnits, checked, mismatched, requeued, released, lastSequence } = job;
    const tally = { acceptedUnits, checked, mismatched, requeued, released, lastSequence };
    const view = endedJobOf(hub, id);
    const earned = view && { view, runs: earningRuns(job) };
    const until = keptUntil(job.record, job.endedAt);
    const fact = { type: 'job-archived', job: id, tally, keptUntil: until, at: world.now } as const;
    store(turn, [earned === undefined ? fact : { ...fact, earned }]);
  }
}

/** Whether no message or fact can change a job that has ended. */
function isSettled(hub: Hub, job: Job): boolean {
  if (job.leases.size > 0 || isDisputed(hub, { job: job.record.id })) return false;
  const [unjudged = Infinity] = hub.config.needsVerifier ? hub.unjudged.keys() : [];
  return unjudged > job.lastSequence;
}

/** Inputs and results of an archived job go; nobody has to look at them any more. */
export function removeData({ hub, world }: Turn, id: JobId): Fact[] | Refusal {
  if (hub.jobs.has(id)) {
    const message =
      'inputs and results of a job are removed ten minutes after its end, when all of it is checked, or later; cancel a job that goes on, and ask again then';
    return refusal('job-state', message);
  }
  const isDecided = isUnderway(hub.underway, nameOf.removeData(id));
  return isDecided ? [] : [{ type: 'data-removed', job: id, at: world.now }];
}

/** Outputs of an archived job lie elsewhere from now on: no shard of it comes or goes any more. */
export function keepOutputs(
  { hub, world }: Turn,
  { job, segment }: Extract<HubCommand, { type: 'keep-outputs' }>,
): Fact[] | Refusal {
  if (hub.jobs.has(job)) {
    return refusal('job-state', 'outputs of a job stay in the database until it is archived');
  }
  const fact = { type: 'outputs-kept', job, at: world.now } as const;
  return [segment === undefined ? fact : { ...fact, segment }];
}
