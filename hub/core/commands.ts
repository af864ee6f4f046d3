import type { JobId } from '#protocol/ids.ts';
import { type Refusal, refuse } from '#protocol/refusal.ts';
import { unitBytes } from '#protocol/tensor.ts';
import { jobMoved, store, type Turn } from './effects.ts';
import { enrolVerifier, removeVerifier } from './enrolment.ts';
import type { Fact, HubCommand, RequestId } from './events.ts';
import { addLeafFile, closeJob, fundJob, linkPayout, START_FUNDED, unfunded } from './funding.ts';
import { pardonDevice } from './pardons.ts';
import { coversUnits } from './prepare.ts';
import { isEnding, isMoving, needsFunding } from './questions.ts';
import { isUnderway, nameOf } from './underway.ts';

const JOBS_OPEN_MAX = 1_000;

export function stepCommand(turn: Turn, request: RequestId, command: HubCommand): void {
  const { trouble } = turn.hub;
  if (trouble !== undefined) return reject(turn, request, { ok: false, refusal: trouble });
  switch (command.type) {
    case 'create':
      return createJob(turn, request, command);
    case 'start':
      return startJob(turn, request, command.job);
    case 'cancel':
      return cancelJob(turn, request, command.job);
    case 'enrol':
      return answer(turn, request, enrolVerifier(turn, command.key));
    case 'remove-verifier':
      return answer(turn, request, removeVerifier(turn, command.key));
    case 'pardon':
      return pardonDevice(turn, request, command);
    case 'fund':
    case 'close':
      return changeMoney(turn, request, command);
    case 'payout':
      return answer(turn, request, linkPayout(turn, command.payout));
    case 'leaves':
      return answer(turn, request, addLeafFile(turn, command));
  }
}

function reject(turn: Turn, request: RequestId, reason: ReturnType<typeof refuse>): void {
  turn.effects.push({ type: 'reply', request, result: reason });
}

function createJob(
  turn: Turn,
  request: RequestId,
  command: Extract<HubCommand, { type: 'create' }>,
): void {
  const { record, inputDigests } = command;
  const { jobs, underway } = turn.hub;
  const open = [...jobs.values()].filter((job) => job.endedAt === undefined).length;
  if (open >= JOBS_OPEN_MAX) {
    const message = `at most ${JOBS_OPEN_MAX} jobs may be open; wait for one to end or cancel one`;
    return reject(turn, request, refuse('busy', message));
  }
  if (record.assurance !== 'instant' && !turn.hub.config.needsVerifier) {
    const message = `this hub runs without verifiers; post the job with the assurance "instant", not "${record.assurance}"`;
    return reject(turn, request, refuse('request-invalid', message, 'assurance'));
  }
  const sized = record.inputs.length === record.units * unitBytes(record.draft.inputs);
  const isKnown = jobs.has(record.id) || isUnderway(underway, nameOf.job(record.id));
  if (isKnown || !coversUnits(inputDigests, record.units) || !sized) {
    const message = 'the job, its units and its digests do not fit together';
    return reject(turn, request, refuse('request-invalid', message));
  }
  store(turn, [{ type: 'job-created', record, inputDigests }], { request, job: record.id });
}

function unknownJob(turn: Turn, request: RequestId, id: JobId): void {
  reject(
    turn,
    request,
    refuse('job-unknown', `there is no job ${id}; list them with GET /v1/jobs`),
  );
}

function startJob(turn: Turn, request: RequestId, id: JobId): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  if (job.state !== 'quoted' || isMoving(turn.hub, job)) {
    const message = `a job is started from "quoted", and this one is "${job.state}": ${job.reason}`;
    return reject(turn, request, refuse('job-state', message));
  }
  if (needsFunding(job)) return reject(turn, request, { ok: false, refusal: unfunded(turn, job) });
  const moved = jobMoved(turn, job, { state: 'running', reason: 'started by its owner' });
  store(turn, [moved], { request, job: id });
}

function cancelJob(turn: Turn, request: RequestId, id: JobId): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  if (isEnding(turn.hub, job)) {
    const message = `this job has ended already: it is "${job.state}"`;
    return reject(turn, request, refuse('job-state', message));
  }
  const moved = jobMoved(turn, job, { state: 'cancelled', reason: 'cancelled by its owner' });
  store(turn, [moved], { request, job: id });
}

/** What the chain says of a job's escrow becomes a fact. */
function changeMoney(
  turn: Turn,
  request: RequestId,
  command: Extract<HubCommand, { type: 'fund' | 'close' }>,
): void {
  const { job: id } = command;
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  const said = command.type === 'fund' ? fundJob(turn, job, command.funding) : closeJob(turn, id);
  if (!Array.isArray(said)) return reject(turn, request, { ok: false, refusal: said });
  const starts = command.type === 'fund' && said.length > 0 && job.record.autoStart;
  const start = starts ? [jobMoved(turn, job, START_FUNDED)] : [];
  // Nobody works for money that is about to be taken out.
  const ends = command.type === 'close' && said.length > 0 && !isEnding(turn.hub, job);
  const reason = 'the money of this job was closed';
  const end = ends ? [jobMoved(turn, job, { state: 'cancelled', reason })] : [];
  store(turn, [...end, ...said, ...start], { request, job: id });
}

/** Writes down what was decided, or says why nothing was. */
function answer(turn: Turn, request: RequestId, said: Fact[] | Refusal): void {
  if (Array.isArray(said)) return store(turn, said, { request, job: null });
  reject(turn, request, { ok: false, refusal: said });
}
