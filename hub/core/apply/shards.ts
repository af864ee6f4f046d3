import type { AcceptedShard } from '#protocol/records/records.ts';
import type { FactOf } from '../state/fact-lists.ts';
import type { CommittedShard } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';
import { isGuarded, workIn } from '../state/questions.ts';
import { addRun, removeRun } from '../state/ranges.ts';
import { forgetStanding, recordOf } from '../trust/device-record.ts';
import { awaitCheck, endCheck } from '../trust/in-flight.ts';
import { keepPlace } from '../trust/newcomers.ts';
import { countChecked, isOnProbation } from '../trust/probation.ts';
import { countUnrevealed } from '../trust/unrevealed.ts';
import { forgetFailures } from './failed.ts';
import { countForProfile } from './profiles.ts';

/** A commitment is in the log: its lease may be revealed. */
export function applyCommitment(hub: Hub, committed: CommittedShard): void {
  const { index } = committed.entry;
  hub.commitments.set(index, committed);
  hub.nextIndex = Math.max(hub.nextIndex, index + 1);
}

/** A commitment is never opened any more. */
export function applyUnrevealed(
  hub: Hub,
  { index, device, atFault, resets, at }: FactOf<'unrevealed'>,
): void {
  hub.commitments.delete(index);
  hub.nextIndex = Math.max(hub.nextIndex, index + 1);
  if (!atFault) return;
  countUnrevealed(hub, device, resets ? at : undefined);
  if (resets) forgetStanding(hub, device, at);
}

/** A shard is accepted: its units are done, and wait for verifiers. */
export function applyAccepted(hub: Hub, shard: AcceptedShard): void {
  hub.commitments.delete(shard.index);
  hub.nextIndex = Math.max(hub.nextIndex, shard.index + 1);
  hub.nextSequence = Math.max(hub.nextSequence, shard.sequence + 1);
  const job = hub.jobs.get(shard.job);
  if (job === undefined) return;
  keepPlace(hub, shard);
  const kept = keepShard(shard);
  job.shards.set(shard.sequence, kept);
  hub.shards.set(shard.lease, kept);
  removeRun(job.open, shard.firstUnit, shard.firstUnit + shard.unitCount);
  job.acceptedUnits += shard.unitCount;
  hub.acceptedUnits += shard.unitCount;
  hub.acceptedWork += workIn(shard);
  job.lastSequence = Math.max(job.lastSequence, shard.sequence);
  if (isGuarded(job)) job.unreleased.set(shard.sequence, kept);
  const record = recordOf(hub, shard.device);
  record.shards += 1;
  if (shard.at > (record.resetAt ?? -1)) record.standing += workIn(shard);
  countForProfile(hub, kept, 1);
  awaitCheck(hub, kept);
}

const keepShard = (shard: AcceptedShard): KeptShard => ({
  sequence: shard.sequence,
  lease: shard.lease,
  job: shard.job,
  device: shard.device,
  class: shard.class,
  provider: shard.provider,
  package: shard.package,
  firstUnit: shard.firstUnit,
  unitCount: shard.unitCount,
  donated: shard.donated,
  workBefore: shard.workBefore,
  unitCost: shard.unitCost,
  counted: shard.counted,
  whole: shard,
});

/** A shard is void: its units are open again. Verdicts on it still count against its device. */
export function applyVoid(hub: Hub, { job: id, sequence, at }: FactOf<'voided'>): void {
  const job = hub.jobs.get(id);
  const kept = job?.shards.get(sequence);
  if (job === undefined || kept === undefined) return;
  const { judgedBy, unitCost } = kept;
  if (kept.awaitsCheck && judgedBy !== undefined && isOnProbation(hub, kept)) {
    countChecked(hub, judgedBy.size * unitCost, at);
  }
  kept.voided = true;
  delete kept.whole;
  job.shards.delete(sequence);
  job.voided.push(kept.lease);
  job.unreleased.delete(sequence);
  hub.unjudged.delete(sequence);
  endCheck(hub, kept);
  addRun(job.open, kept.firstUnit, kept.firstUnit + kept.unitCount);
  forgetFailures(job, kept);
  job.acceptedUnits -= kept.unitCount;
  hub.acceptedUnits -= kept.unitCount;
  hub.acceptedWork -= workIn(kept);
  job.requeued += kept.unitCount;
  countForProfile(hub, kept, -1);
}

/** A shard of a job with assurance is final: its results may be read. */
export function applyRelease(hub: Hub, { job: id, sequence }: FactOf<'released'>): void {
  const job = hub.jobs.get(id);
  const kept = job?.unreleased.get(sequence);
  if (job === undefined || kept === undefined) return;
  job.unreleased.delete(sequence);
  addRun(job.released, kept.firstUnit, kept.firstUnit + kept.unitCount);
}
