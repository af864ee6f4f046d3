import type { VerifierMessage } from '#protocol/messages/control.ts';
import { type FailedItems, placesOf } from '#protocol/records/failed-items.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { kindOf } from '../kinds/kind-of.ts';
import { noteUnfit } from '../leasing/admit.ts';
import { scheduleSoon } from '../leasing/schedule.ts';
import type { Exam } from '../state/checks.ts';
import type { VerifierSession } from '../state/device.ts';
import type { Job } from '../state/job.ts';
import {
  examName,
  inputsOf,
  isAccepted,
  isOpen,
  pendingUnits,
  quorumOf,
} from '../state/questions.ts';
import { addRun, coversRun, removeRun } from '../state/ranges.ts';
import { changed, decline, send, type Turn } from '../turn.ts';
import { failItems } from './mend.ts';

/** Failures of a unit, on two devices or twice on the only one, before a verifier is asked. */
const FAILURES_TO_EXAMINE = 2;
/** How long a verifier may take: its own limit is below it. Then it is asked again. */
const EXAM_MS = millis(180_000);
/** Exams that one verifier has at hand. */
const EXAMS_AT_ONCE = 4;
/** How often a unit is lent again because verifiers do not agree on it. */
const TIES_MAX = 2;

/** Takes units that failed often enough away from devices, and asks verifiers about them. */
export function beginExams(turn: Turn, job: Job): void {
  const { exams } = turn.hub;
  if (job.state !== 'running') return;
  for (const [unit, { failures }] of job.suspects) {
    const name = examName({ job: job.record.id, unit });
    if (failures.length < FAILURES_TO_EXAMINE || exams.has(name)) continue;
    // Where a twin still computes it, that may come out right.
    if (!coversRun(job.open, unit, unit + 1)) continue;
    removeRun(job.open, unit, unit + 1);
    const none = { asked: new Map(), said: new Map(), isDecided: false };
    exams.set(name, { job: job.record.id, unit, ...none });
    changed(turn, job);
  }
  askExams(turn);
}

/** Accepted units that a verifier could not execute are examined as well; they stand meanwhile. */
function examineAccepted({ hub }: Turn, job: Job): void {
  for (const unit of pendingUnits(job)) {
    const name = examName({ job: job.record.id, unit });
    const none = { asked: new Map(), said: new Map(), isDecided: false };
    if (!hub.exams.has(name))
      hub.exams.set(name, { job: job.record.id, unit, isAccepted: true, ...none });
  }
}

/** Begins exams, asks verifiers that have not answered, and decides where their time is up. */
export function stepExams(turn: Turn): void {
  for (const job of turn.hub.openJobs.values()) {
    if (job.suspects.size > 0) beginExams(turn, job);
    if (isOpen(turn.hub, job)) examineAccepted(turn, job);
  }
  for (const [name, exam] of turn.hub.exams) {
    const job = turn.hub.jobs.get(exam.job);
    if (job !== undefined && isOpen(turn.hub, job)) decideExam(turn, job, exam);
    else turn.hub.exams.delete(name);
  }
  askExams(turn);
}

/** Every verifier online is asked, again where it is late or has lost its link. */
function askExams(turn: Turn): void {
  const { hub, world } = turn;
  const open = [...hub.exams.values()].filter(({ isDecided }) => !isDecided);
  if (open.length === 0) return;
  for (const verifier of hub.verifiers.values()) {
    const { key, socket } = verifier;
    const isAtWork = ({ asked, said }: Exam): boolean => {
      const last = asked.get(key);
      return !said.has(key) && last?.socket === socket && world.now - last.at < EXAM_MS;
    };
    let atWork = open.filter(isAtWork).length;
    for (const exam of open) {
      if (atWork >= EXAMS_AT_ONCE) break;
      if (exam.said.has(key) || isAtWork(exam)) continue;
      atWork += 1;
      exam.since ??= world.now;
      exam.asked.set(key, { socket, at: world.now });
      sendExamine(turn, verifier, exam);
    }
  }
}

function sendExamine(turn: Turn, verifier: VerifierSession, { job: id, unit }: Exam): void {
  const job = turn.hub.jobs.get(id);
  if (job?.manifest === undefined || job.packageId === undefined) return;
  const { manifest, packageId, record } = job;
  const newest = { firstUnit: unit, unitCount: 1, sequence: turn.hub.nextSequence };
  verifier.manifests.add(id);
  send(turn, verifier.socket, {
    type: 'examine',
    job: id,
    unit,
    items: kindOf(job).itemsIn(record, unit),
    package: packageId,
    manifest,
    inputs: inputsOf(job, newest),
  });
}

/** Takes what a verifier found of a unit that it was asked about. */
export function receiveExamined(
  turn: Turn,
  verifier: VerifierSession,
  { job: id, unit, failed }: Extract<VerifierMessage, { type: 'examined' }>,
): void {
  const exam = turn.hub.exams.get(examName({ job: id, unit }));
  const job = turn.hub.jobs.get(id);
  if (job === undefined || exam?.asked.has(verifier.key) !== true || exam.isDecided) {
    const message = `unit ${unit} of ${id} is not waiting for this verifier; drop what was found`;
    return decline(turn, verifier.socket, { code: 'message-out-of-order', message });
  }
  const items = kindOf(job).itemsIn(job.record, unit);
  if (placesOf(failed).some((place) => place >= items)) {
    const message = `unit ${unit} of ${id} has ${items} items; name places below that`;
    return decline(turn, verifier.socket, { code: 'range-invalid', message });
  }
  exam.said.set(verifier.key, failed);
  decideExam(turn, job, exam);
  askExams(turn);
}

/**
 * One verifier is believed where one is enrolled. Where several are, most of those enrolled must
 * name the same items, or, when all have answered or their time is up, most of those that answered
 * and two at least. Otherwise the unit is lent again; after some such ties each item that anybody
 * named fails.
 */
function decideExam(turn: Turn, job: Job, exam: Exam): void {
  const { hub, world } = turn;
  const said = [...exam.said].filter(([key]) => hub.enrolled.has(key)).map(([, failed]) => failed);
  const agreed = largestAccord(said);
  const isQuorum = agreed.length >= quorumOf(hub);
  const isMost = isQuorum && agreed.length > hub.enrolled.size / 2;
  const isLate = world.now - (exam.since ?? world.now) >= EXAM_MS && said.length >= quorumOf(hub);
  const isHeard = said.length > 0 && (said.length >= hub.enrolled.size || isLate);
  if (exam.isDecided || !(isMost || isHeard)) return;
  if (isQuorum && agreed.length > said.length / 2)
    return concludeExam(turn, { job, exam, failed: agreed[0] });
  const suspect = job.suspects.get(exam.unit);
  if (suspect !== undefined) suspect.ties += 1;
  if ((suspect?.ties ?? 0) > TIES_MAX)
    return concludeExam(turn, { job, exam, failed: said.flat() });
  reopenUnit(turn, exam);
}

/** The answers that most verifiers gave, by the items they name. */
function largestAccord(said: readonly (readonly FailedItems[])[]) {
  const nameOf = (failed: readonly FailedItems[]) => placesOf(failed).join();
  const groups = said.map((one) => said.filter((other) => nameOf(other) === nameOf(one)));
  return groups.reduce((most, group) => (group.length > most.length ? group : most), []);
}

/** Items that fail with verifiers are the job's fault; where none does, the devices are unfit. */
function concludeExam(
  turn: Turn,
  { job, exam, failed = [] }: { job: Job; exam: Exam; failed?: readonly FailedItems[] | undefined },
): void {
  const { unit } = exam;
  if (exam.isAccepted === true && !isAccepted(job, unit)) return reopenUnit(turn, exam);
  if (failed.length > 0) {
    exam.isDecided = true;
    return failItems(turn, job, { unit, failed, isAccepted: exam.isAccepted === true });
  }
  for (const { device: key, provider, isSilent } of job.suspects.get(unit)?.failures ?? []) {
    const device = turn.hub.devices.get(key);
    if (device === undefined || isSilent || job.packageId === undefined) continue;
    noteUnfit(turn, device, { package: job.packageId, trials: [{ provider, outcome: 'failed' }] });
  }
  reopenUnit(turn, exam);
}

/** The unit is lent again, as if it had not failed on any device; an accepted one stands. */
export function reopenUnit(turn: Turn, { job: id, unit }: { job: JobId; unit: number }): void {
  const { hub } = turn;
  const name = examName({ job: id, unit });
  const isHeld = hub.exams.get(name)?.isAccepted !== true;
  hub.exams.delete(name);
  const job = hub.jobs.get(id);
  if (!isHeld) job?.runnable.add(unit);
  if (job?.state !== 'running' || !isHeld) return;
  const suspect = job.suspects.get(unit);
  if (suspect !== undefined) suspect.failures = [];
  addRun(job.open, unit, unit + 1);
  changed(turn, job);
  scheduleSoon(turn);
}
