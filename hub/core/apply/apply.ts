import { noteMoney } from '../money/book.ts';
import type { AppliedFact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import { noteEpoch } from '../verifiers/epochs.ts';
import { applyMark, applyResolution, applyVerdict } from './checks.ts';
import { applyItemsFailed } from './failed.ts';
import {
  applyAdded,
  applyArchive,
  applyInputsEnd,
  applyMove,
  applyPackage,
  applyRecut,
  applyRemovedData,
  openJob,
} from './jobs.ts';
import { applyProfile } from './profiles.ts';
import {
  applyAccepted,
  applyCommitment,
  applyRelease,
  applyUnrevealed,
  applyVoid,
} from './shards.ts';
import { applyBan, applyFault, applyPardon, applyRemoval, applySuspension } from './trust.ts';

/**
 * Changes the durable state as one fact has it. The hub calls it when the fact is on disk, and at a
 * restart for each fact on disk, in the same order: both come to the same state. Nothing else
 * changes that state.
 */
export function applyFact(hub: Hub, fact: AppliedFact): void {
  switch (fact.type) {
    case 'job-created': {
      const job = openJob(fact);
      hub.jobs.set(fact.record.id, job);
      hub.openJobs.set(fact.record.id, job);
      return;
    }
    case 'job-recut':
      return applyRecut(hub, fact);
    case 'inputs-added':
      return applyAdded(hub, fact);
    case 'inputs-ended':
      return applyInputsEnd(hub, fact);
    case 'job-packaged':
      return applyPackage(hub, fact);
    case 'job-moved':
      applyMove(hub, fact);
      return noteMoney(hub, fact);
    case 'job-archived':
      return applyArchive(hub, fact);
    case 'data-removed':
      return applyRemovedData(hub, fact);
    case 'outputs-kept':
      // The store alone knows where bytes are.
      return;
    case 'committed':
      return applyCommitment(hub, fact.commitment);
    case 'accepted':
      return applyAccepted(hub, fact.shard);
    case 'unrevealed':
      return applyUnrevealed(hub, fact);
    case 'voided':
      return applyVoid(hub, fact);
    case 'items-failed':
      return applyItemsFailed(hub, fact);
    case 'released':
      return applyRelease(hub, fact);
    case 'verdict':
      return applyVerdict(hub, fact.signed);
    case 'resolved':
      return applyResolution(hub, fact);
    case 'judged':
      return applyMark(hub, fact);
    case 'epoch':
      return noteEpoch(hub, fact.signed);
    case 'banned':
      return applyBan(hub, fact);
    case 'pardoned':
      return applyPardon(hub, fact);
    case 'profile':
      return applyProfile(hub, fact);
    case 'suspended':
      return applySuspension(hub, fact);
    case 'device-archived':
      hub.deviceRecords.delete(fact.device);
      hub.archivedDevices += 1;
      return;
    case 'device-recalled':
      hub.deviceRecords.set(fact.device, { ...fact.known });
      hub.archivedDevices -= 1;
      return;
    case 'verifier-enrolled':
      hub.enrolled.add(fact.key);
      return;
    case 'verifier-removed':
      return applyRemoval(hub, fact);
    case 'verifier-fault':
      return applyFault(hub, fact);
    default:
      return noteMoney(hub, fact);
  }
}
