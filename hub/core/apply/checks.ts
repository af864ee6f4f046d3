import { NO_REFERENCE, type SignedVerdict, type Verdict } from '#protocol/records/records.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { FactOf } from '../state/fact-lists.ts';
import { judgeName } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { Job, KeptShard } from '../state/job.ts';
import { isAccepted, isMismatch, judgedThrough, unitName, workIn } from '../state/questions.ts';
import { recordOf } from '../trust/device-record.ts';
import { endCheck } from '../trust/in-flight.ts';
import { countChecked, isOnProbation } from '../trust/probation.ts';
import { openVerdicts, showVerdict } from '../verifiers/reviews.ts';

/** Verdicts from which something follows: `resolved` says what, once they are on disk. */
const NEEDS_RESOLUTION: readonly Verdict['kind'][] = ['mismatch', 'device-unfit'];

/**
 * A verdict is on disk. Where several verifiers are enrolled and one found a unit wrong, the unit
 * is in dispute, and what is said of it is withheld until it is resolved.
 */
export function applyVerdict(hub: Hub, signed: SignedVerdict): void {
  const { verdict } = signed;
  noteJudge(hub, verdict);
  const job = hub.jobs.get(verdict.job);
  if (job === undefined) return showVerdict(hub.reviews, signed, false);
  noteUnexecuted(job, verdict);
  const name = unitName(verdict);
  const isResolved = hub.resolved.has(name);
  if (hub.enrolled.size > 1 && job.forgotten !== true) noteOpinion(hub, verdict);
  if (!isResolved && NEEDS_RESOLUTION.includes(verdict.kind)) hub.unresolved.set(name, verdict);
  if (!isResolved && isMismatch(verdict)) openDispute(hub, verdict);
  const dispute = hub.disputes.get(name);
  dispute?.withheld.push(signed);
  if (dispute === undefined) countVerdict(job, verdict.kind);
  showVerdict(hub.reviews, signed, dispute !== undefined);
}

function noteJudge({ shards }: Hub, verdict: Verdict): void {
  const kept = shards.get(verdict.lease);
  if (kept === undefined) return;
  kept.judgedBy ??= new Set();
  kept.judgedBy.add(judgeName(verdict));
}

/** A provider that says nothing of a bad item answers it all the same: that is worth nothing. */
function noteUnexecuted(job: Job, { kind, reference, unit }: Verdict): void {
  if (kind !== 'inconclusive' || reference !== NO_REFERENCE) return;
  if (isAccepted(job, unit) && !job.failed.has(unit)) job.unexecuted.add(unit);
}

function noteOpinion(hub: Hub, verdict: Verdict): void {
  const name = unitName(verdict);
  const said = hub.opinions.get(name) ?? [];
  const others = said.filter(({ verifier }) => verifier !== verdict.verifier);
  hub.opinions.set(name, [...others, verdict]);
}

/** Of a void shard, or a job that ended some time ago, nothing can be asked any more. */
function openDispute(hub: Hub, { lease, unit }: Verdict): void {
  const name = unitName({ lease, unit });
  const kept = hub.shards.get(lease);
  if (hub.enrolled.size < 2 || hub.disputes.has(name)) return;
  if (kept?.whole === undefined || kept.voided === true) return;
  const { job, device, whole: shard } = kept;
  hub.disputes.set(name, { job, lease, unit, device, shard, withheld: [] });
}

/** Counts a verdict that is not withheld. */
function countVerdict(job: Job, kind: Verdict['kind']): void {
  job.checked += 1;
  if (kind === 'mismatch') job.mismatched += 1;
}

/** A unit is resolved: its dispute is over, and what was said of it may be read. */
export function applyResolution(
  hub: Hub,
  { job: id, lease, unit, outcome }: FactOf<'resolved'>,
): void {
  const name = unitName({ lease, unit });
  hub.unresolved.delete(name);
  if (outcome !== 'unconfirmed' && outcome !== 'unfit') hub.resolved.set(name, id);
  const job = hub.jobs.get(id);
  if (outcome === 'tie') job?.ties.set(unit, (job.ties.get(unit) ?? 0) + 1);
  closeDispute(hub, name);
}

function closeDispute(hub: Hub, name: string): void {
  const dispute = hub.disputes.get(name);
  if (dispute === undefined) return;
  hub.disputes.delete(name);
  const job = hub.jobs.get(dispute.job);
  for (const { verdict } of dispute.withheld) if (job) countVerdict(job, verdict.kind);
  openVerdicts(hub.reviews, dispute.withheld);
}

/** A verifier has judged every draw up to a sequence. */
export function applyMark(hub: Hub, { verifier, through }: FactOf<'judged'>): void {
  if (!hub.enrolled.has(verifier)) return;
  hub.judged.set(verifier, Math.max(through, hub.judged.get(verifier) ?? -1));
  countJudged(hub);
}

/** Counts each shard once, when enough verifiers have judged it. */
export function countJudged(hub: Hub): void {
  const enough = judgedThrough(hub);
  for (const kept of hub.unjudged.values()) {
    if (kept.sequence <= hub.countedThrough) continue;
    if (kept.sequence > enough) break;
    hub.countedThrough = kept.sequence;
    noteJudged(hub, kept);
    if (endCheck(hub, kept)) hub.freed.add(kept.device);
  }
}

/** What was accepted before its device lost its trust vouches for nothing accepted after that. */
function noteJudged(hub: Hub, kept: KeptShard): void {
  const { device, whole } = kept;
  if (whole === undefined) return;
  if (isOnProbation(hub, kept)) countChecked(hub, workIn(kept), whole.at);
  const record = recordOf(hub, device);
  if (whole.at <= (record.resetAt ?? -1)) return;
  record.judgedWork = Math.max(record.judgedWork, kept.workBefore + workIn(kept));
}

/** What the checks of a job needed is in the log, and needed here no more. */
export function forgetChecks(hub: Hub, id: JobId): void {
  const job = hub.jobs.get(id);
  if (job === undefined) return;
  job.forgotten = true;
  for (const [name, dispute] of hub.disputes) if (dispute.job === id) closeDispute(hub, name);
  for (const [name, verdict] of hub.unresolved) if (verdict.job === id) hub.unresolved.delete(name);
  for (const kept of job.shards.values()) {
    delete kept.whole;
    endCheck(hub, kept);
  }
  for (const [name, [opinion]] of hub.opinions) {
    if (opinion?.job !== id) continue;
    hub.opinions.delete(name);
    hub.resolved.delete(name);
  }
}
