import { RELEASE_POLICY } from '#protocol/checks/check-policy.ts';
import type { VerifierSession } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';
import {
  inputsOf,
  isDisputed,
  isEnding,
  isGuarded,
  judgedThrough,
  judgesOf,
  workIn,
} from '../state/questions.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { send, store, type Turn } from '../turn.ts';

/**
 * When accepted units become final, by the assurance of their job. `instant` gives results at once.
 * `settled` releases a unit when enough later work of its device is judged without a confirmed
 * failure, or, at the job's end, when its shard has passed the exit check. `full` has
 * every unit checked, so that judged is released. What is released stays so: it is a fact on disk
 * before it can be read.
 */

/** Releases what may be released after verifiers have judged through a sequence. */
export function releaseShards(turn: Turn): void {
  const { hub } = turn;
  const judged = judgedThrough(hub);
  const ready: KeptShard[] = [];
  for (const job of hub.openJobs.values()) {
    if (!isGuarded(job) || isEnding(hub, job)) continue;
    for (const kept of job.unreleased.values()) {
      if (kept.sequence > judged || isDisputed(hub, { device: kept.device })) continue;
      if (job.record.assurance === 'full' || hasLag(hub, kept)) ready.push(kept);
    }
  }
  writeRelease(turn, ready);
}

function writeRelease(turn: Turn, ready: readonly KeptShard[]): void {
  const at = turn.world.now;
  const facts = ready
    .filter((kept) => !isHeldUp(turn.hub, kept))
    .map(({ sequence, job }) => ({ type: 'released', sequence, job, at }) as const);
  if (facts.length > 0) store(turn, facts);
}

/** Whether a shard is being released or voided, or somebody is about to be heard on it. */
function isHeldUp({ underway }: Hub, { sequence, lease }: KeptShard): boolean {
  const names = [nameOf.release(sequence), nameOf.void(sequence), nameOf.finding(lease)];
  return names.some((name) => isUnderway(underway, name));
}

/**
 * The exit check of a job all of whose draws are judged: what no later work vouches for is drawn
 * once more, at a higher rate. Each verifier online is asked once a session.
 */
export function askExitChecks(turn: Turn, verifier: VerifierSession): void {
  const judged = judgedThrough(turn.hub);
  for (const job of turn.hub.openJobs.values()) {
    if (job.state !== 'finishing' || job.record.assurance !== 'settled') continue;
    if (judged < job.lastSequence) continue;
    for (const kept of job.unreleased.values()) {
      const { sequence, whole } = kept;
      if (whole === undefined || job.manifest === undefined) continue;
      if (verifier.exitChecksAsked.has(sequence) || isHeldUp(turn.hub, kept)) continue;
      verifier.exitChecksAsked.add(sequence);
      verifier.manifests.add(whole.job);
      send(turn, verifier.socket, {
        type: 'check',
        shard: whole,
        manifest: job.manifest,
        inputs: inputsOf(job, whole),
        exit: true,
        floorPpm: RELEASE_POLICY.exitPpm,
      });
    }
  }
}

/** A verifier has judged its draws of a shard's exit check; enough of them release it. */
export function receiveExitChecked(turn: Turn, verifier: VerifierSession, sequence: number): void {
  if (!verifier.exitChecksAsked.has(sequence)) return;
  for (const job of turn.hub.openJobs.values()) {
    if (isEnding(turn.hub, job)) continue;
    const kept = job.unreleased.get(sequence);
    if (kept === undefined || isDisputed(turn.hub, { device: kept.device })) continue;
    kept.exitCheckedBy = new Set([...(kept.exitCheckedBy ?? []), verifier.key]);
    if (kept.exitCheckedBy.size >= judgesOf(turn.hub)) writeRelease(turn, [kept]);
  }
}

function hasLag({ deviceRecords }: Hub, kept: KeptShard): boolean {
  const through = deviceRecords.get(kept.device)?.judgedWork ?? 0;
  const end = kept.workBefore + workIn(kept);
  return through - end >= RELEASE_POLICY.lagUnits * kept.unitCost;
}
