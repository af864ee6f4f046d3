import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { VerifierMessage } from '#protocol/messages/control.ts';
import type { BlobRef, PackageManifest } from '#protocol/models/package.ts';
import { why } from '#protocol/values/reason.ts';
import type { Refusal, RefusalCode } from '#protocol/values/refusal.ts';
import { after, between, millis } from '#protocol/values/units.ts';
import type { Prepared } from '../kinds/kind.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { VerifierSession } from '../state/device.ts';
import type { Hub, Making } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { isEnding, isMoving, measuredManifest, needsFunding } from '../state/questions.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { changed, decline, jobMoved, send, store, type Turn } from '../turn.ts';
import { capProblem, quote } from './quote.ts';
import { recutAsKnown, startRecut } from './size.ts';

const PREPARE_MS_MAX = 180_000;
const PREPARE_TRIES_MAX = 3;
/** From a full disk to the next preparation. */
const KEEP_PAUSE_MS = 10_000;
/** They say nothing of the job: the hub is to have room, a thread or another start. */
const PASSING: readonly RefusalCode[] = ['disk-full', 'busy', 'hub-stopping'];

/**
 * Hands jobs that are being checked to verifiers in turn, one to each at a time, and to another when
 * that one is late: the time of a job begins when its turn does. A late verifier costs a try.
 */
export function prepareJobs(turn: Turn): void {
  const { hub, world } = turn;
  const atWork = new Set(
    [...hub.openJobs.values()].flatMap((job) =>
      job.preparing !== undefined && !isPrepared(hub, job) ? job.preparing.verifier : [],
    ),
  );
  for (const job of hub.openJobs.values()) {
    if (job.state !== 'checking' || isPrepared(hub, job)) continue;
    if (job.preparing !== undefined) {
      if (between(job.preparing.since, world.now) < PREPARE_MS_MAX) continue;
      atWork.delete(job.preparing.verifier);
      delete job.preparing;
      job.prepareTries += 1;
    }
    if (job.keepFailed !== undefined && world.now < job.keepFailed.again) continue;
    if (job.prepareTries >= PREPARE_TRIES_MAX) {
      const message = `no verifier could run the model within ${PREPARE_MS_MAX / 60_000} minutes; try a smaller one`;
      refuseJob(turn, job, { code: 'model-run-failed', message });
      continue;
    }
    if (recutAsKnown(turn, job)) continue;
    const verifiers = [...hub.verifiers.values()];
    const turned = job.prepareTries % Math.max(1, verifiers.length);
    const inTurn = [...verifiers.slice(turned), ...verifiers.slice(0, turned)];
    const verifier = inTurn.find(({ key }) => !atWork.has(key));
    if (verifier === undefined) continue;
    atWork.add(verifier.key);
    job.preparing = { verifier: verifier.key, since: world.now };
    job.keepFailed = undefined;
    send(turn, verifier.socket, {
      type: 'prepare',
      job: job.record.id,
      draft: job.record.draft,
      inputs: job.record.inputs,
      units: job.record.units,
    });
  }
}

/** Verifiers came or went: what was with one that is gone goes to another. */
export function openPreparation(turn: Turn): void {
  for (const job of turn.hub.openJobs.values()) {
    if (job.preparing === undefined || turn.hub.verifiers.has(job.preparing.verifier)) continue;
    delete job.preparing;
  }
  prepareJobs(turn);
}

/** Whether the package of a job, or the job cut anew, is being written. */
const isPrepared = (hub: Hub, job: Job): boolean =>
  isMoving(hub, job) ||
  isUnderway(hub.underway, nameOf.recut(job.record.id)) ||
  [...hub.making.values()].some((made) => made.job === job.record.id);

export function refuseJob(turn: Turn, job: Job, refusal: Refusal): void {
  delete job.preparing;
  store(turn, [
    jobMoved(turn, job, {
      state: 'refused',
      reason: why('refused', { text: refusal.message }),
      refusal,
    }),
  ]);
}

/**
 * What was prepared or cut anew could not be kept. The job is prepared again after a pause: however
 * often where the cause passes, as a full disk does. A disk that fails costs a try, and any other
 * cause refuses the job.
 */
export function receiveKeepFailed(turn: Turn, id: Job['record']['id'], cause: Refusal): void {
  const job = turn.hub.jobs.get(id);
  if (job?.state !== 'checking' || isEnding(turn.hub, job)) return;
  if (cause.code === 'storage-failed') job.prepareTries += 1;
  else if (!PASSING.includes(cause.code)) return refuseJob(turn, job, cause);
  if (job.prepareTries >= PREPARE_TRIES_MAX) return refuseJob(turn, job, cause);
  delete job.preparing;
  job.keepFailed = { code: cause.code, again: after(turn.world.now, millis(KEEP_PAUSE_MS)) };
  changed(turn, job);
}

/** The job that this verifier is preparing; another is declined. */
export function preparedJob(turn: Turn, verifier: VerifierSession, id: Job['record']['id']) {
  const job = turn.hub.jobs.get(id);
  const isAsked = job?.state === 'checking' && job.preparing?.verifier === verifier.key;
  if (isAsked && !isPrepared(turn.hub, job)) return job;
  const message = `job ${id} is not waiting for this verifier; drop what was prepared`;
  decline(turn, verifier.socket, { code: 'message-out-of-order', message });
  return undefined;
}

/** A verifier could not run the model: the job is refused with its reason. */
export function receiveUnpreparable(
  turn: Turn,
  verifier: VerifierSession,
  message: Extract<VerifierMessage, { type: 'unpreparable' }>,
): void {
  const job = preparedJob(turn, verifier, message.job);
  if (job === undefined) return;
  refuseJob(turn, job, message.refusal);
  prepareJobs(turn);
}

/** Takes the known answers and measurements of a verifier: the package is made of them. */
export function receivePrepared(turn: Turn, verifier: VerifierSession, prepared: Prepared): void {
  const job = preparedJob(turn, verifier, prepared.head.job);
  if (job === undefined) return;
  if (startRecut(turn, job, kindOf(job).chooseSize(job.record, prepared.head))) return;
  const made = kindOf(job).makePackage(job, prepared);
  if (!made.ok) return decline(turn, verifier.socket, made.refusal);
  const { manifest, blobs } = made.value;
  const token = turn.hub.nextToken++;
  turn.hub.making.set(token, { type: 'package', job: job.record.id, manifest });
  turn.effects.push({ type: 'keep', token, blobs });
  prepareJobs(turn);
}

/** The known answers are blobs now: the package is whole, and the job is quoted. */
export function finishPreparation(
  turn: Turn,
  kept: Extract<Making, { type: 'package' }>,
  refs: BlobRef[],
): void {
  const job = turn.hub.jobs.get(kept.job);
  if (job?.state !== 'checking' || isMoving(turn.hub, job)) return;
  delete job.preparing;
  const knownAnswers = refs.flatMap((inputs, index) => {
    const outputs = refs[index + 1];
    return index % 2 === 0 && outputs !== undefined ? [{ inputs, outputs }] : [];
  });
  const manifest = measuredManifest(turn.hub, { ...kept.manifest, knownAnswers });
  const moves = [leaveChecking(turn, job, manifest), ...(job.record.dryRun ? [DRY_RUN] : [])];
  store(turn, [
    { type: 'job-packaged', job: kept.job, manifest },
    ...moves.map((move) => jobMoved(turn, job, move)),
  ]);
}

const DRY_RUN = { state: 'cancelled', reason: why('dry-run', {}) } as const;

function leaveChecking(turn: Turn, job: Job, manifest: PackageManifest) {
  const dear = capProblem(turn.hub, job, manifest);
  if (dear !== undefined) return { state: 'quoted', reason: dear } as const;
  if (job.record.autoStart && !needsFunding(job)) {
    return { state: 'running', reason: why('started-when-quoted', {}) } as const;
  }
  const price = quote(turn.hub, job, manifest).total;
  const reason = price === '0' ? why('checked', {}) : why('unfunded', { lamports: price });
  return { state: 'quoted', reason } as const;
}

/** Whether the digest table covers each unit of a job. */
export const coversUnits = (inputDigests: Uint8Array, units: number): boolean =>
  inputDigests.length === units * DIGEST_BYTES;
