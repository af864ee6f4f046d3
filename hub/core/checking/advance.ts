import { why } from '#protocol/values/reason.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import {
  isDisputed,
  isMoving,
  judgedThrough,
  pendingUnits,
  takesInputs,
} from '../state/questions.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { changed, jobMoved, store, type Turn } from '../turn.ts';
import { askExitChecks } from './release.ts';

/** Moves each job that goes on to the state that what is on disk puts it in. */
export function advanceJobs(turn: Turn): void {
  for (const job of turn.hub.openJobs.values()) advanceJob(turn, job);
}

/**
 * A job is finishing when every unit is accepted, and running again when some became void. It is
 * done when enough verifiers have judged every draw of it and, with assurance, all of it is
 * released.
 */
export function advanceJob(turn: Turn, job: Job): void {
  const { hub } = turn;
  if (isMoving(hub, job) || isUnderway(hub.underway, nameOf.voids(job.record.id))) return;
  const isComplete = !takesInputs(job) && kindOf(job).isComplete(job);
  if (job.state === 'running' && isComplete) {
    const reason = why(hub.config.needsVerifier ? 'last-checks' : 'computed', {});
    store(turn, [jobMoved(turn, job, { state: 'finishing', reason })]);
  } else if (job.state === 'finishing' && !isComplete) {
    const reason = why('units-open-again', {});
    store(turn, [jobMoved(turn, job, { state: 'running', reason })]);
  } else if (job.state === 'finishing' && isJudged(hub, job)) {
    finishJob(turn, job);
  }
}

function isJudged(hub: Hub, job: Job): boolean {
  if (hub.config.needsVerifier && judgedThrough(hub) < job.lastSequence) return false;
  if (isDisputed(hub, { job: job.record.id })) return false;
  if (pendingUnits(job).length > 0) return false;
  return ![...hub.unresolved.values()].some((verdict) => verdict.job === job.record.id);
}

function finishJob(turn: Turn, job: Job): void {
  if (job.unreleased.size > 0) {
    for (const verifier of turn.hub.verifiers.values()) askExitChecks(turn, verifier);
    return;
  }
  const { checked, mismatched, failedItems } = job;
  const failed = failedItems > 0 ? { failed: failedItems } : {};
  const reason =
    checked > 0 ? why('done', { checked, mismatched, ...failed }) : why('done-unchecked', failed);
  store(turn, [jobMoved(turn, job, { state: 'done', reason })]);
  changed(turn, job);
}
