import { type JobRecord, KEEP_DAYS } from '#protocol/api/job.ts';
import { sharersOf } from '#protocol/checks/check-policy.ts';
import { digestPackage, type PackageManifest, withMeasured } from '#protocol/models/package.ts';
import {
  type AcceptedShard,
  RUNS_TO_CONFIRM,
  type UnitInputs,
  type Verdict,
} from '#protocol/records/records.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { after, type Instant, millis } from '#protocol/values/units.ts';
import type { Hub } from './hub.ts';
import type { FailedUnit, Job, KeptShard } from './job.ts';
import { coversRun } from './ranges.ts';
import type { Ban } from './trust.ts';
import { isUnderway, nameOf } from './underway.ts';

/** What may be asked of the state; nothing here changes it. */

/** Names a unit of a lease. */
export const unitName = ({ lease, unit }: Pick<Verdict, 'lease' | 'unit'>): string =>
  `${lease}/${unit}`;

/** The work of a shard, in microseconds of reference time. */
export const workIn = ({
  unitCount,
  unitCost,
}: Pick<KeptShard, 'unitCount' | 'unitCost'>): number => unitCount * unitCost;

/** Whether no item of a unit can be computed. */
export const isLost = ({ mended, stands }: FailedUnit): boolean =>
  mended === undefined && stands === undefined;

/** Whether an accepted shard that is not void holds this unit. */
export const isAccepted = ({ shards }: Job, unit: number): boolean =>
  [...shards.values()].some(
    ({ firstUnit, unitCount }) => unit >= firstUnit && unit < firstUnit + unitCount,
  );

/** Accepted units of which a verifier has still to say whether they can be computed. */
export const pendingUnits = ({ unexecuted, runnable }: Job): number[] =>
  [...unexecuted].filter((unit) => !runnable.has(unit));

/** Names a unit of a job that verifiers look into. */
export const examName = ({ job, unit }: { job: JobId; unit: number }): string => `${job}/${unit}`;

/** Where two or more verifiers are enrolled, one alone convinces nobody. */
export const quorumOf = (hub: Hub): number => Math.min(2, Math.max(1, hub.enrolled.size));

/** How many must have judged: as many as it takes to ban, and all that share the checks. */
export const judgesOf = (hub: Hub): number =>
  Math.max(quorumOf(hub), Math.min(sharersOf(hub.config.checks), hub.enrolled.size));

/** The last sequence that enough verifiers have judged. */
export function judgedThrough(hub: Hub): number {
  const marks = [...hub.enrolled].map((key) => hub.judged.get(key) ?? -1);
  return marks.sort((a, b) => b - a)[judgesOf(hub) - 1] ?? -1;
}

/** A mismatch that its verifier confirmed by a second run. */
export const isMismatch = ({ kind, runs }: Verdict): boolean =>
  kind === 'mismatch' && runs >= RUNS_TO_CONFIRM;

/** Whether a job takes more inputs. */
export const takesInputs = ({ record, inputsEndedAt }: Job): boolean =>
  record.open !== undefined && inputsEndedAt === undefined;

/** The blob that holds a unit as it was posted, or added, and the unit behind its last one. */
export function partOf(
  { record, added }: Pick<Job, 'record' | 'added'>,
  unit: number,
): UnitInputs & { end: number } {
  let [low, high] = [0, added.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((added[middle]?.firstUnit ?? 0) <= unit) low = middle + 1;
    else high = middle;
  }
  return { ...(added[low - 1] ?? record.inputs), end: added[low]?.firstUnit ?? record.units };
}

/** Where the inputs of a shard are: a mended unit has a blob of its own. */
export function inputsOf(
  job: Pick<Job, 'record' | 'added' | 'failed'>,
  shard: Pick<AcceptedShard, 'firstUnit' | 'unitCount' | 'sequence'>,
): UnitInputs {
  const { firstUnit, unitCount, sequence } = shard;
  const unit = unitCount === 1 ? job.failed.get(firstUnit) : undefined;
  if (unit?.mended !== undefined && sequence >= unit.since) {
    return { ...unit.mended.blob, firstUnit };
  }
  const { end: _, ...part } = partOf(job, firstUnit);
  return part;
}

const DAY_MS = millis(24 * 3_600_000);

/** Until when inputs and results of a job that ended are kept. */
export const keptUntil = (
  { dryRun, keepDays = dryRun ? 0 : KEEP_DAYS }: JobRecord,
  endedAt: Instant,
): Instant => after(endedAt, millis(keepDays * DAY_MS));

/** Whether verifiers disagree on work of a device, or of a job. */
export function isDisputed(hub: Hub, about: { device?: PublicKey; job?: JobId }): boolean {
  for (const { device, job } of hub.disputes.values()) {
    if (device === about.device || job === about.job) return true;
  }
  return false;
}

/** Whether a device is out now. */
export function isBanned(hub: Hub, device: PublicKey, now: Instant): boolean {
  const { ban } = hub.deviceRecords.get(device) ?? {};
  return ban !== undefined && ban.until > now;
}

/** Whether the results of a job are held until something vouches for them. */
export const isGuarded = ({ record }: Job): boolean => record.assurance !== 'instant';

/** What is released is final: later work vouched for it. */
export const isFinal = (job: Job, { sequence }: KeptShard): boolean =>
  isGuarded(job) && !job.unreleased.has(sequence);

/** Whether a developer may read these units. */
export function mayRead(job: Job, firstUnit: number, endUnit: number): boolean {
  if (!isGuarded(job) || job.state === 'done' || endUnit <= firstUnit) return true;
  return coversRun(job.released, firstUnit, endUnit);
}

/** Whether a job is over, or is about to be. */
export const isEnding = ({ underway }: Hub, job: Job): boolean =>
  job.endedAt !== undefined || isUnderway(underway, nameOf.end(job.record.id));

/** Whether accepted shards of a job may still become void. */
export const isOpen = (hub: Hub, job: Job): boolean =>
  (job.state === 'running' || job.state === 'finishing') && !isEnding(hub, job);

/** Whether the state of a job is about to change. */
export const isMoving = ({ underway }: Hub, { record }: Job): boolean =>
  isUnderway(underway, nameOf.move(record.id));

/** The manifest of a job, with what the first preparation of its package found. */
export function measuredManifest({ packages }: Hub, manifest: PackageManifest): PackageManifest {
  const known = packages.get(digestPackage(manifest));
  return known === undefined ? manifest : withMeasured(manifest, known);
}

/** Tokens in a row of a job of texts; of any other job whatever its inputs end with. */
export const rowLength = ({ draft }: Pick<JobRecord, 'draft'>): number =>
  draft.runtime.inputs[0]?.shape.at(-1) ?? 0;

/** A job with a price starts when its money lies in its escrow, and not before. */
export const needsFunding = ({ record, funding }: Job): boolean =>
  record.unitPrice !== '0' && funding === undefined;

/** What a device is banned for, as a part of a refusal. */
export const describeBan = ({ work }: Pick<Ban, 'work'>): string =>
  work === undefined
    ? 'a check of its work did not match'
    : `unit ${work.unit} of lease ${work.lease} did not match its re-execution`;
