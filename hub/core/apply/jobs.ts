import { isEnded, type JobRecord } from '#protocol/api/job.ts';
import { concatBytes } from '#protocol/bytes/digest.ts';
import { digestPackage } from '#protocol/models/package.ts';
import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { kindOf } from '../kinds/kind-of.ts';
import { forgetEarned } from '../money/book.ts';
import type { FactOf } from '../state/fact-lists.ts';
import type { Hub } from '../state/hub.ts';
import { type Job, jobAtRest } from '../state/job.ts';
import { notePackage } from '../state/model-packages.ts';
import { putNewest } from '../state/newest.ts';
import { measuredManifest, rowLength } from '../state/questions.ts';
import { addRun, openRanges } from '../state/ranges.ts';
import { recordOf } from '../trust/device-record.ts';
import { forgetChecks } from './checks.ts';

/** Why a job without a `job-moved` fact stands where it stands: state `checking`. */
export const REASON_CREATED = why('posted', {});

/** A job as it was posted. */
export function openJob({ record, inputDigests }: Pick<Job, 'record' | 'inputDigests'>): Job {
  return {
    record,
    inputDigests,
    state: 'checking',
    reason: REASON_CREATED,
    unitSizes: kindOf({ record }).sizeUnit(record),
    added: [],
    open: openRanges(0, record.units),
    shards: new Map(),
    voided: [],
    unreleased: new Map(),
    released: openRanges(0, 0),
    acceptedUnits: 0,
    failed: new Map(),
    failedItems: 0,
    failedUnits: 0,
    unexecuted: new Set(),
    checked: 0,
    mismatched: 0,
    requeued: 0,
    ties: new Map(),
    lastSequence: -1,
    ...jobAtRest(),
  };
}

/** A job that is still checked has other units from now on, as if it had just been posted. */
export function applyRecut(hub: Hub, { record, inputDigests }: FactOf<'job-recut'>): void {
  const job = hub.jobs.get(record.id);
  if (job === undefined) return;
  Object.assign(job, openJob({ record, inputDigests }));
}

/** The units that were added are open, behind the others. */
export function applyAdded(hub: Hub, { job: id, at, ...added }: FactOf<'inputs-added'>): void {
  const job = hub.jobs.get(id);
  if (job === undefined) return;
  const { firstUnit } = added;
  const units = firstUnit + added.units;
  job.added.push({ ...added.inputs, firstUnit });
  job.addedAt = at;
  // A unit of an open job is one item.
  job.record = { ...job.record, items: units, units };
  job.inputDigests = concatBytes(job.inputDigests, added.inputDigests);
  addRun(job.open, firstUnit, units);
}

/** No more inputs come. */
export function applyInputsEnd(hub: Hub, { job: id, at }: FactOf<'inputs-ended'>): void {
  const job = hub.jobs.get(id);
  if (job !== undefined) job.inputsEndedAt = at;
}

/**
 * Joins a manifest to its job. Digests and sizes follow from it. What the first preparation of a
 * package found holds for all of its jobs.
 */
export function applyPackage(hub: Hub, { job: id, manifest: found }: FactOf<'job-packaged'>): void {
  const job = hub.jobs.get(id);
  if (job === undefined) return;
  const manifest = measuredManifest(hub, found);
  const { peakBytes, referenceUnitMs, runtime } = manifest;
  job.manifest = manifest;
  job.packageId = digestPackage(manifest);
  hub.packages.set(job.packageId, { peakBytes, referenceUnitMs, taps: runtime.taps });
  const sizing = kindOf(job).sizing(job.record);
  if (sizing && !hub.sizes.has(sizing.model)) hub.sizes.set(sizing.model, sizing.size);
  job.unitSizes = kindOf(job).sizeUnit(job.record, manifest);
  notePackage(hub.modelPackages, job);
  noteSetup(hub, job.record);
}

const SETUPS_MAX = 1_000;

/** What is known of a setup is read from the job that was prepared last. */
function noteSetup({ setups }: Hub, record: JobRecord): void {
  const { setup, id } = record;
  if (setup === undefined) return;
  const jobs = setups.get(setup) ?? new Map<number, JobId>();
  putNewest(setups, [setup, jobs.set(rowLength(record), id)], SETUPS_MAX);
}

/** A job leaves the state, with all that was kept of its shards. */
export function applyArchive(hub: Hub, { job: id }: FactOf<'job-archived'>): void {
  const job = hub.jobs.get(id);
  if (job === undefined) return;
  forgetChecks(hub, id);
  forgetEarned(hub, id);
  hub.jobs.delete(id);
  for (const { sequence, lease } of job.shards.values()) {
    hub.unjudged.delete(sequence);
    forgetShard(hub, lease);
  }
  for (const lease of job.voided) forgetShard(hub, lease);
  for (const [name, of] of hub.resolved) if (of === id) hub.resolved.delete(name);
}

function forgetShard(hub: Hub, lease: LeaseId): void {
  const kept = hub.shards.get(lease);
  if (kept !== undefined) recordOf(hub, kept.device).shards -= 1;
  hub.shards.delete(lease);
}

/** Only an archived job loses its data: one that is recalled is told of it. */
export function applyRemovedData(hub: Hub, { job: id, at }: FactOf<'data-removed'>): void {
  const job = hub.jobs.get(id);
  if (job !== undefined) job.removedAt = at;
}

/** Moves a job to another state. */
export function applyMove(hub: Hub, move: FactOf<'job-moved'>): void {
  const job = hub.jobs.get(move.job);
  if (job === undefined) return;
  job.state = move.state;
  job.reason = move.reason;
  if (move.state === 'running') job.startedAt ??= move.at;
  if (isEnded(move.state)) {
    job.endedAt = move.at;
    hub.openJobs.delete(move.job);
  }
  if (move.refusal !== undefined) job.refusal = move.refusal;
  // Of a job that is done others may say something for a while.
  if (move.state === 'cancelled') forgetChecks(hub, move.job);
}
