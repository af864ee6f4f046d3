import { describeReason } from '#protocol/api/sentences.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { refuse } from '#protocol/values/refusal.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { HubCommand, RequestId } from '../state/events.ts';
import { isEnding, isMoving, needsFunding } from '../state/questions.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { jobMoved, store, type Turn } from '../turn.ts';
import { coversUnits } from './prepare.ts';
import { capProblem, unfunded } from './quote.ts';

const JOBS_OPEN_MAX = 1_000;

/** Answers a command with a refusal. */
export function reject(turn: Turn, request: RequestId, reason: ReturnType<typeof refuse>): void {
  turn.effects.push({ type: 'reply', request, result: reason });
}

/** Takes a job that was posted; its units are open once it is quoted and started. */
export function createJob(
  turn: Turn,
  request: RequestId,
  command: Extract<HubCommand, { type: 'create' }>,
): void {
  const { record, inputDigests } = command;
  const { jobs, openJobs, underway } = turn.hub;
  if (openJobs.size >= JOBS_OPEN_MAX) {
    const message = `at most ${JOBS_OPEN_MAX} jobs may be open; wait for one to end or cancel one`;
    return reject(turn, request, refuse('busy', message));
  }
  if (record.assurance !== 'instant' && !turn.hub.config.needsVerifier) {
    const message = `this hub runs without verifiers; post the job with the assurance "instant", not "${record.assurance}"`;
    return reject(turn, request, refuse('request-invalid', message, 'assurance'));
  }
  if (record.open !== undefined && record.draft.runtime.unitItems !== 1) {
    const message = 'an open job has units of one item; leave unitItems out';
    return reject(turn, request, refuse('request-invalid', message, 'open'));
  }
  if (record.open !== undefined && record.unitPrice !== '0') {
    const message =
      'an open job is computed by volunteers alone and costs nothing; leave unitPrice out, or post all inputs as a job that is not open';
    return reject(turn, request, refuse('request-invalid', message, 'unitPrice'));
  }
  const fits = kindOf({ record }).fitsUnits(record);
  const isKnown = jobs.has(record.id) || isUnderway(underway, nameOf.job(record.id));
  if (isKnown || !coversUnits(inputDigests, record.units) || !fits) {
    const message = 'the job, its units and its digests do not fit together';
    return reject(turn, request, refuse('request-invalid', message));
  }
  store(turn, [{ type: 'job-created', record, inputDigests }], { request, job: record.id });
}

/** Answers a command about a job that is not here: `job-unknown`. */
export function unknownJob(turn: Turn, request: RequestId, id: JobId): void {
  reject(
    turn,
    request,
    refuse('job-unknown', `there is no job ${id}; list them with GET /v1/jobs`),
  );
}

/** Starts a quoted job; refuses one in another state, or without its money. */
export function startJob(turn: Turn, request: RequestId, id: JobId): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  if (job.state !== 'quoted' || isMoving(turn.hub, job)) {
    const message = `a job is started from "quoted", and this one is "${job.state}": ${describeReason(job.reason)}`;
    return reject(turn, request, refuse('job-state', message));
  }
  const dear = capProblem(turn.hub, job);
  if (dear !== undefined) {
    return reject(turn, request, refuse('price-above-cap', describeReason(dear), 'priceMax'));
  }
  if (needsFunding(job)) return reject(turn, request, { ok: false, refusal: unfunded(turn, job) });
  const moved = jobMoved(turn, job, { state: 'running', reason: why('started-by-owner', {}) });
  store(turn, [moved], { request, job: id });
}

/** Ends a job that has not ended; what is lent of it is called back. */
export function cancelJob(turn: Turn, request: RequestId, id: JobId): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  if (isEnding(turn.hub, job)) {
    const message = `this job has ended already: it is "${job.state}"`;
    return reject(turn, request, refuse('job-state', message));
  }
  const moved = jobMoved(turn, job, { state: 'cancelled', reason: why('cancelled-by-owner', {}) });
  store(turn, [moved], { request, job: id });
}
