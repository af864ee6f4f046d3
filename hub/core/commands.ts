import type { JobId } from '#protocol/ids.ts';
import { refuse } from '#protocol/refusal.ts';
import { unitBytes } from '#protocol/tensor.ts';
import { forgetChecks } from './disputes.ts';
import { moveJob, store, type Turn } from './effects.ts';
import { answerEnrolment, enrolVerifier, removeVerifier, settleRemoval } from './enrolment.ts';
import type { HubCommand, RequestId } from './events.ts';
import { NO_FLEET } from './fleet.ts';
import { addLeafFile, closeJob, fundJob, linkPayout, needsFunding, unfunded } from './funding.ts';
import { revokeLease } from './lease.ts';
import { pardonDevice } from './pardons.ts';
import { coversUnits } from './prepare.ts';
import { openRanges } from './ranges.ts';
import { REASON_CREATED } from './snapshot.ts';
import type { Hub, Job, Pending } from './state.ts';

const JOBS_OPEN_MAX = 1_000;

export function stepCommand(turn: Turn, request: RequestId, command: HubCommand): void {
  switch (command.type) {
    case 'create':
      return createJob(turn, request, command);
    case 'start':
      return startJob(turn, request, command.job);
    case 'cancel':
      return cancelJob(turn, request, command.job);
    case 'enrol':
      return answerEnrolment(turn, request, enrolVerifier(turn, command.key));
    case 'remove-verifier':
      answerEnrolment(turn, request, removeVerifier(turn, command.key));
      return settleRemoval(turn);
    case 'pardon':
      return pardonDevice(turn, request, command);
    case 'fund':
    case 'close':
      return changeMoney(turn, request, command);
    case 'payout':
      return answerEnrolment(turn, request, linkPayout(turn, command.payout));
    case 'leaves':
      return answerEnrolment(turn, request, addLeafFile(turn, command));
  }
}

function reject(turn: Turn, request: RequestId, reason: ReturnType<typeof refuse>): void {
  turn.effects.push({ type: 'reply', request, result: reason });
}

export function openJob(created: Pick<Job, 'record' | 'inputDigests'>): Job {
  const { record, inputDigests } = created;
  return {
    record,
    inputDigests,
    state: 'checking',
    reason: REASON_CREATED,
    inputUnitBytes: unitBytes(record.draft.inputs),
    outputUnitBytes: 0,
    tapUnitBytes: 0,
    fingerprintUnitBytes: 0,
    open: openRanges(0, record.units),
    canaries: new Set(),
    leases: new Set(),
    leasedUnits: 0,
    shards: new Map(),
    unreleased: new Map(),
    released: openRanges(0, 0),
    acceptedUnits: 0,
    checked: 0,
    mismatched: 0,
    requeued: 0,
    lastSequence: -1,
    fleet: NO_FLEET,
    prepareTries: 0,
  };
}

/** Blobs a job needs are served to whoever knows their roots. */
export function serveJobBlobs(hub: Hub, job: Job): void {
  hub.servable.add(job.record.inputs.root);
  hub.servable.add(job.record.draft.file.root);
}

function createJob(
  turn: Turn,
  request: RequestId,
  command: Extract<HubCommand, { type: 'create' }>,
): void {
  const { record, inputDigests } = command;
  const open = [...turn.hub.jobs.values()].filter((job) => job.endedAt === undefined).length;
  if (open >= JOBS_OPEN_MAX) {
    const message = `at most ${JOBS_OPEN_MAX} jobs may be open; wait for one to end or cancel one`;
    return reject(turn, request, refuse('busy', message));
  }
  if (record.assurance !== 'instant' && !turn.hub.config.needsVerifier) {
    const message = `this hub runs without verifiers; post the job with the assurance "instant", not "${record.assurance}"`;
    return reject(turn, request, refuse('request-invalid', message, 'assurance'));
  }
  const sized = record.inputs.length === record.units * unitBytes(record.draft.inputs);
  if (turn.hub.jobs.has(record.id) || !coversUnits(inputDigests, record.units) || !sized) {
    const message = 'the job, its units and its digests do not fit together';
    return reject(turn, request, refuse('request-invalid', message));
  }
  const job = openJob({ record, inputDigests });
  turn.hub.jobs.set(record.id, job);
  serveJobBlobs(turn.hub, job);
  store(turn, [{ type: 'job-created', record, inputDigests }], {
    type: 'reply',
    request,
    job: record.id,
    next: 'prepare',
  });
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
  if (job.state !== 'quoted') {
    const message = `a job is started from "quoted", and this one is "${job.state}": ${job.reason}`;
    return reject(turn, request, refuse('job-state', message));
  }
  if (needsFunding(job)) return reject(turn, request, { ok: false, refusal: unfunded(turn, job) });
  const pending = { type: 'reply', request, job: id, next: 'schedule' } as const;
  moveJob(turn, job, { state: 'running', reason: 'started by its owner', pending });
}

function cancelJob(turn: Turn, request: RequestId, id: JobId): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  if (job.endedAt !== undefined) {
    const message = `this job has ended already: it is "${job.state}"`;
    return reject(turn, request, refuse('job-state', message));
  }
  const pending = { type: 'reply', request, job: id } as const;
  endEarly(turn, job, { reason: 'cancelled by its owner', pending });
}

/** Cancels a job that has not ended: what is lent is called back, what was accepted stays. */
function endEarly(
  turn: Turn,
  job: Job,
  { reason, pending }: { reason: string; pending?: Pending },
): void {
  moveJob(turn, job, {
    state: 'cancelled',
    reason,
    ...(pending === undefined ? {} : { pending }),
  });
  forgetChecks(turn, job.record.id);
  for (const lease of [...job.leases]) {
    const active = turn.hub.leases.get(lease);
    if (active === undefined || active.stage === 'accepting') continue;
    revokeLease(turn, active, { code: 'job-state', message: `the job is over: ${reason}` });
  }
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
  // Nobody works for money that is about to be taken out.
  if (command.type === 'close' && said.length > 0 && job.endedAt === undefined) {
    endEarly(turn, job, { reason: 'the money of this job was closed' });
  }
  store(turn, said, { type: 'reply', request, job: id, next: 'start' });
}
