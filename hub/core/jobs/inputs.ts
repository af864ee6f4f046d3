import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { refuse } from '#protocol/values/refusal.ts';
import { between } from '#protocol/values/units.ts';
import type { HubCommand, RequestId } from '../state/events.ts';
import type { Job } from '../state/job.ts';
import { isEnding, takesInputs } from '../state/questions.ts';
import { countUnderway, isUnderway, nameOf } from '../state/underway.ts';
import { store, type Turn } from '../turn.ts';
import { reject, unknownJob } from './commands.ts';

/** Units of an open job in all: whoever has more opens another. */
export const OPEN_UNITS_MAX = 20_000;
/** Units of an open job that are not accepted yet. */
const WAITING_MAX = 4_096;
const MINUTE_MS = 60_000;

/** Adds inputs to an open job that runs. */
export function addInputs(
  turn: Turn,
  request: RequestId,
  { job: id, inputs, units, digests }: Extract<HubCommand, { type: 'add-inputs' }>,
): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  const refused = addProblem(turn, job, units);
  if (refused !== undefined) return reject(turn, request, refused);
  const size = unitBytes(job.record.draft.runtime.inputs);
  if (units < 1 || inputs.length !== units * size || digests.length !== units * DIGEST_BYTES) {
    const message = 'the inputs, their units and their digests do not fit together';
    return reject(turn, request, refuse('request-invalid', message));
  }
  const { hub, world } = turn;
  const firstUnit = job.record.units + countUnderway(hub.underway, nameOf.inputs(id));
  const added = { firstUnit, inputs, units, inputDigests: digests, at: world.now };
  store(turn, [{ type: 'inputs-added', job: id, ...added }], { request, job: id });
}

function addProblem({ hub }: Turn, job: Job, units: number) {
  const { record, state } = job;
  if (record.open === undefined) {
    const message = 'this job was not posted as open, and takes no more inputs; post another job';
    return refuse('job-state', message);
  }
  if (!takesInputs(job) || isUnderway(hub.underway, nameOf.inputsEnd(record.id))) {
    return refuse('job-state', 'this job takes no more inputs; post another open job');
  }
  if (state !== 'running' || isEnding(hub, job)) {
    const message = `an open job takes inputs while it is "running", and this one is "${state}"; follow its events`;
    return refuse('job-state', message);
  }
  const more = units + countUnderway(hub.underway, nameOf.inputs(record.id));
  if (record.units + more > OPEN_UNITS_MAX) {
    const message = `an open job has at most ${OPEN_UNITS_MAX} items, and this one would have ${record.units + more}; end it and post another`;
    return refuse('job-full', message);
  }
  const waiting = record.units + more - job.acceptedUnits - job.failedUnits;
  if (waiting <= WAITING_MAX) return undefined;
  const message = `${waiting} items of this job would wait, and at most ${WAITING_MAX} may; add more in some seconds`;
  return refuse('busy', message);
}

/** An open job takes no more inputs: it ends when all is computed. */
export function endInputs(turn: Turn, request: RequestId, id: Job['record']['id']): void {
  const { hub, world } = turn;
  const job = hub.jobs.get(id);
  if (job === undefined) return unknownJob(turn, request, id);
  if (!takesInputs(job) || isEnding(hub, job)) {
    return reject(turn, request, refuse('job-state', 'this job takes no inputs any more'));
  }
  store(turn, [{ type: 'inputs-ended', job: id, at: world.now }], { request, job: id });
}

/** Ends the inputs of jobs to which none have come for as long as they say. */
export function endIdleInputs(turn: Turn): void {
  const { hub, world } = turn;
  for (const job of hub.openJobs.values()) {
    const { open, id } = job.record;
    const since = job.addedAt ?? job.startedAt;
    if (open === undefined || since === undefined || !takesInputs(job)) continue;
    if (between(since, world.now) < open.idleMinutes * MINUTE_MS || isEnding(hub, job)) continue;
    if (isUnderway(hub.underway, nameOf.inputsEnd(id))) continue;
    store(turn, [{ type: 'inputs-ended', job: id, at: world.now }]);
  }
}
