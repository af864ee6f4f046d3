import { RELEASE_POLICY, standingName } from '#protocol/check-policy.ts';
import { isDisputed, judgedThrough, judgesOf } from './disputes.ts';
import { changed, send, store, type Turn } from './effects.ts';
import { addRun, coversRun } from './ranges.ts';
import type { Hub, Job, KeptShard, VerifierSession } from './state.ts';

/**
 * When accepted units become final, by the assurance of their job. `instant` gives results at once.
 * `settled` releases a unit when enough later units of its device and package are judged without a
 * confirmed failure, or, at the job's end, when its shard has passed the exit audit. `full` has every
 * unit checked, so that judged is released. What is released stays so: it is a fact on disk before it
 * can be read.
 */
export const isGuarded = ({ record }: Job): boolean => record.assurance !== 'instant';

const ALL_PPM = 1_000_000;

/** The least share of a shard's units to check, in parts per million, as its job's assurance has it. */
export const checkFloor = ({ record }: Job): number => (record.assurance === 'full' ? ALL_PPM : 0);

const endOf = (kept: KeptShard): number => kept.before + kept.unitCount;

/** A verifier has judged this shard: it counts for those of its device that came before. */
export function countJudged(hub: Hub, kept: KeptShard): void {
  const name = standingName(kept.device, kept.package);
  hub.judgedUnits.set(name, Math.max(endOf(kept), hub.judgedUnits.get(name) ?? 0));
}

/** Releases what may be released after verifiers have judged through a sequence. */
export function releaseShards(turn: Turn): void {
  const { hub } = turn;
  const judged = judgedThrough(hub);
  const ready: KeptShard[] = [];
  for (const job of hub.jobs.values()) {
    if (!isGuarded(job) || job.endedAt !== undefined) continue;
    for (const kept of job.unreleased.values()) {
      if (kept.sequence > judged || isDisputed(hub, { device: kept.device })) continue;
      if (job.record.assurance === 'full' || hasLag(hub, kept)) ready.push(kept);
    }
  }
  writeRelease(turn, ready);
}

function hasLag(hub: Hub, kept: KeptShard): boolean {
  const through = hub.judgedUnits.get(standingName(kept.device, kept.package)) ?? 0;
  return through - endOf(kept) >= RELEASE_POLICY.lagUnits;
}

function writeRelease(turn: Turn, ready: readonly KeptShard[]): void {
  const shards = ready.filter((kept) => kept.releasing !== true);
  if (shards.length === 0) return;
  for (const kept of shards) kept.releasing = true;
  const at = turn.world.now;
  const facts = shards.map(
    ({ sequence, job }) => ({ type: 'released', sequence, job, at }) as const,
  );
  store(turn, facts, { type: 'released', shards });
}

/** The release is on disk. A shard that was voided meanwhile is not there any more. */
export function finishRelease(turn: Turn, shards: readonly KeptShard[]): void {
  for (const kept of shards) {
    const job = turn.hub.jobs.get(kept.job);
    if (job?.unreleased.get(kept.sequence) !== kept) continue;
    settleRelease(job, kept);
    changed(turn, job);
  }
}

/** Nothing was written: it is tried again when the marks move, or at the next tick. */
export function undoRelease(shards: readonly KeptShard[]): void {
  for (const kept of shards) delete kept.releasing;
}

export function settleRelease(job: Job, kept: KeptShard): void {
  job.unreleased.delete(kept.sequence);
  addRun(job.released, kept.firstUnit, kept.firstUnit + kept.unitCount);
}

/** What is released is final: later work vouched for it. */
export function isFinal(job: Job, { sequence }: KeptShard): boolean {
  return isGuarded(job) && !job.unreleased.has(sequence);
}

/** Whether a developer may read these units. */
export function mayRead(job: Job, firstUnit: number, endUnit: number): boolean {
  if (!isGuarded(job) || job.state === 'done' || endUnit <= firstUnit) return true;
  return coversRun(job.released, firstUnit, endUnit);
}

/**
 * The exit audit of a job all of whose draws are judged: what no later work vouches for is drawn once
 * more, at a higher rate. Each verifier online is asked once a session.
 */
export function askAudits(turn: Turn, verifier: VerifierSession): void {
  const judged = judgedThrough(turn.hub);
  for (const job of turn.hub.jobs.values()) {
    if (job.state !== 'finishing' || job.record.assurance !== 'settled') continue;
    if (judged < job.lastSequence) continue;
    for (const { sequence, whole, releasing } of job.unreleased.values()) {
      if (whole === undefined || releasing === true || job.manifest === undefined) continue;
      if (verifier.auditsAsked.has(sequence)) continue;
      verifier.auditsAsked.add(sequence);
      verifier.manifests.add(whole.package);
      send(turn, verifier.socket, {
        type: 'check',
        shard: whole,
        manifest: job.manifest,
        inputs: job.record.inputs,
        audit: true,
        floorPpm: RELEASE_POLICY.exitPpm,
      });
    }
  }
}

/** A verifier has judged every unit it drew in the exit audit of this shard; enough of them release it. */
export function receiveAudited(turn: Turn, verifier: VerifierSession, sequence: number): void {
  if (!verifier.auditsAsked.has(sequence)) return;
  for (const job of turn.hub.jobs.values()) {
    if (job.endedAt !== undefined) continue;
    const kept = job.unreleased.get(sequence);
    if (kept === undefined || isDisputed(turn.hub, { device: kept.device })) continue;
    kept.auditedBy = new Set([...(kept.auditedBy ?? []), verifier.key]);
    if (kept.auditedBy.size >= judgesOf(turn.hub)) writeRelease(turn, [kept]);
  }
}
