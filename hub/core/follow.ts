import { describeReason } from '#protocol/api/sentences.ts';
import type { AcceptedShard, SignedVerdict } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { advanceJob, advanceJobs } from './checking/advance.ts';
import { askExitChecksAgain, askOpinions } from './checking/disputes.ts';
import { releaseShards } from './checking/release.ts';
import { resolveDisputes, resolveVerdict, voidRest } from './checking/resolve.ts';
import { forgetJudged } from './checking/unjudged.ts';
import { clearSuspects } from './failing/failures.ts';
import { prepareJobs } from './jobs/prepare.ts';
import { followRecut } from './jobs/recut.ts';
import { noteAsked, noteTook } from './leasing/lane.ts';
import { endLease, revokeLease } from './leasing/lease.ts';
import { scheduleSoon, scheduleWaiting, serveCredits, serveOpen } from './leasing/schedule.ts';
import { startFunded } from './money/funding.ts';
import { followArchived, resumeWaiting } from './recalled.ts';
import { sendLogged } from './results/commit.ts';
import { closeSession } from './sessions/session.ts';
import type { FactOf } from './state/fact-lists.ts';
import type { Fact } from './state/facts.ts';
import type { ActiveLease } from './state/job.ts';
import { describeBan, isBanned, unitName } from './state/questions.ts';
import { changed, refuseSession, send, sendDevice, type Turn } from './turn.ts';
import { acknowledgeEpoch } from './verifiers/epochs.ts';
import { sendReviewsToAll } from './verifiers/reviews.ts';
import { sendChecks, sendChecksToAll } from './verifiers/send-checks.ts';

/** Does what follows from facts that are applied: who is told, and what is decided next. */
export function followFacts(turn: Turn, facts: readonly Fact[]): void {
  for (const fact of facts) followFact(turn, fact);
  if (facts.some(({ type }) => type === 'job-moved')) scheduleWaiting(turn);
  else if (facts.some(({ type }) => OPENS_WORK.includes(type))) scheduleSoon(turn);
  if (facts.some(({ type }) => ENDS_JOBS.includes(type))) {
    releaseShards(turn);
    advanceJobs(turn);
  }
}

/** After these, as after a job that moved, devices that wait may get work. */
const OPENS_WORK: readonly Fact['type'][] = ['voided', 'resolved', 'pardoned', 'items-failed'];
/** After these, jobs may have come to their end, or gone back from it. */
const ENDS_JOBS: readonly Fact['type'][] = [
  'judged',
  'voided',
  'released',
  'resolved',
  'verifier-removed',
];

function followFact(turn: Turn, fact: Fact): void {
  switch (fact.type) {
    case 'job-created':
      return prepareJobs(turn);
    case 'job-recut':
      return followRecut(turn, fact.record.id);
    case 'inputs-added':
      return followAdded(turn, fact.job);
    case 'inputs-ended':
      return followInputsEnd(turn, fact.job);
    case 'job-moved':
      return followMove(turn, fact);
    case 'job-funded':
      return startFunded(turn);
    case 'committed':
      return followCommitment(turn, fact);
    case 'accepted':
      return followAccepted(turn, fact.shard);
    case 'voided':
      return followVoid(turn, fact);
    case 'items-failed':
      return followItemsFailed(turn, fact.job);
    case 'released':
      for (const each of turn.hub.verifiers.values()) each.exitChecksAsked.delete(fact.sequence);
      return changeView(turn, fact.job);
    case 'job-archived':
      for (const each of turn.hub.verifiers.values()) each.manifests.delete(fact.job);
      return;
    case 'device-archived':
      return followArchived(turn, fact);
    case 'device-recalled':
      return resumeWaiting(turn, fact.device);
    case 'verdict':
      return followVerdict(turn, fact.signed);
    case 'resolved':
      return followResolution(turn, fact);
    case 'judged':
      return followMark(turn, fact.verifier);
    case 'epoch':
      return acknowledgeEpoch(turn, fact.signed);
    case 'banned':
      return expel(turn, fact);
    case 'suspended':
      return followSuspension(turn, fact);
    case 'verifier-removed':
      return followRemoval(turn, fact.key);
    default:
      return;
  }
}

function changeView(turn: Turn, id: AcceptedShard['job']): void {
  const job = turn.hub.jobs.get(id);
  if (job !== undefined) changed(turn, job);
}

/** Somebody waits for these units: they are lent at once. */
function followAdded(turn: Turn, id: AcceptedShard['job']): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return;
  noteAsked(job, turn.world.now);
  changed(turn, job);
  serveOpen(turn, id);
  scheduleSoon(turn);
}

function followInputsEnd(turn: Turn, id: AcceptedShard['job']): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return;
  changed(turn, job);
  advanceJob(turn, job);
}

/** A unit is open as it was mended, or there is nothing of it to compute. */
function followItemsFailed(turn: Turn, id: AcceptedShard['job']): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return;
  changed(turn, job);
  advanceJob(turn, job);
}

/** What is lent of a job that was cancelled is called back; what was accepted stays. */
function followMove(turn: Turn, { job: id, state, reason }: FactOf<'job-moved'>): void {
  const job = turn.hub.jobs.get(id);
  if (job === undefined) return;
  changed(turn, job);
  if (state === 'finishing') advanceJob(turn, job);
  if (state !== 'cancelled') return;
  sendReviewsToAll(turn);
  const message = `the job is over: ${describeReason(reason)}`;
  for (const active of leasesOf(turn, [...job.leases])) {
    revokeLease(turn, active, { code: 'job-state', message });
  }
}

/** Leases whose result is not being written. */
function leasesOf({ hub }: Turn, ids: Iterable<ActiveLease['lease']['id']>): ActiveLease[] {
  return [...ids].flatMap((id) => {
    const active = hub.leases.get(id);
    return active === undefined || active.stage === 'accepting' ? [] : [active];
  });
}

function followCommitment(turn: Turn, { commitment }: FactOf<'committed'>): void {
  const active = turn.hub.leases.get(commitment.shard.lease);
  if (active?.stage !== 'logging') return;
  active.stage = 'logged';
  sendLogged(turn, active);
}

/** The result is on disk: its device hears so, and verifiers see it. */
function followAccepted(turn: Turn, shard: AcceptedShard): void {
  const { hub, world } = turn;
  const active = hub.leases.get(shard.lease);
  const job = hub.jobs.get(shard.job);
  if (active !== undefined) {
    endLease(turn, active, 'accepted');
    if (job !== undefined) noteTook(job, active, world.now);
  }
  const device = hub.devices.get(shard.device);
  if (device !== undefined) {
    device.unitsAccepted += shard.unitCount;
    const { lease, unitCount: units, workBefore, unitCost } = shard;
    send(turn, device.socket, { type: 'accepted', lease, units, workBefore, unitCost });
    serveCredits(turn, device);
  }
  // It was banned while this shard was being written.
  if (isBanned(hub, shard.device, world.now)) return voidRest(turn, shard.device);
  sendChecksToAll(turn);
  if (job === undefined) return;
  clearSuspects(turn, job, shard);
  const { firstUnit: first, unitCount } = shard;
  turn.effects.push({ type: 'changed', job: shard.job, units: { first, end: first + unitCount } });
  advanceJob(turn, job);
}

function followVoid(turn: Turn, { job, sequence }: FactOf<'voided'>): void {
  changeView(turn, job);
  for (const verifier of turn.hub.verifiers.values()) {
    verifier.exitChecksAsked.delete(sequence);
    if (verifier.sentThrough < sequence) continue;
    send(turn, verifier.socket, { type: 'voided', sequence });
  }
}

/** A verdict that is not withheld is told; what follows from it is decided. */
function followVerdict(turn: Turn, { verdict }: SignedVerdict): void {
  changeView(turn, verdict.job);
  if (turn.hub.disputes.has(unitName(verdict))) {
    askOpinions(turn);
    return resolveDisputes(turn);
  }
  sendReviewsToAll(turn);
  const { job, unit, kind } = verdict;
  sendDevice(turn, verdict.device, { type: 'judgement', job, unit, kind });
  resolveVerdict(turn, verdict);
}

/** What was withheld on a unit is told. */
function followResolution(turn: Turn, { job, lease, unit }: FactOf<'resolved'>): void {
  const { hub } = turn;
  changeView(turn, job);
  sendReviewsToAll(turn);
  const device = hub.shards.get(lease)?.device;
  if (device === undefined) return;
  askExitChecksAgain(hub, device);
  if (hub.enrolled.size < 2) return;
  for (const { kind } of hub.opinions.get(unitName({ lease, unit })) ?? []) {
    sendDevice(turn, device, { type: 'judgement', job, unit, kind });
  }
}

/** Devices of which less is out now may get more. */
function followMark(turn: Turn, key: PublicKey): void {
  const { hub } = turn;
  forgetJudged(hub);
  const verifier = hub.verifiers.get(key);
  if (verifier !== undefined) sendChecks(turn, verifier);
  for (const freed of hub.freed) {
    const device = hub.devices.get(freed);
    if (device !== undefined) serveCredits(turn, device);
  }
  hub.freed.clear();
}

/** A banned device has to go, with all that it holds and all that came in meanwhile. */
function expel(turn: Turn, ban: FactOf<'banned'>): void {
  const { hub } = turn;
  const { device: key } = ban;
  const message = describeBan(ban);
  for (const active of leasesOf(turn, hub.leases.keys())) {
    if (active.device === key) revokeLease(turn, active, { code: 'device-banned', message });
  }
  voidRest(turn, key);
  const device = hub.devices.get(key);
  if (device === undefined) return;
  refuseSession(turn, device.socket, { code: 'device-banned', message });
  closeSession(turn, device.socket);
}

/** The device is admitted anew, on another provider. */
function followSuspension(turn: Turn, lost: FactOf<'suspended'>): void {
  const { hub } = turn;
  const { package: id, provider, reason } = lost;
  const message = describeReason(reason);
  const admitted = hub.devices.get(lost.device)?.admitted;
  if (admitted?.get(id)?.provider === provider) admitted.delete(id);
  for (const active of leasesOf(turn, hub.leases.keys())) {
    const isSame = active.lease.package === id && active.provider === provider;
    if (active.device !== lost.device || !isSame) continue;
    revokeLease(turn, active, { code: 'provider-suspended', message });
  }
}

function followRemoval(turn: Turn, key: PublicKey): void {
  const session = turn.hub.verifiers.get(key);
  if (session !== undefined) {
    const message = 'the operator has taken this verifier off the list';
    refuseSession(turn, session.socket, { code: 'verifier-unknown', message });
    closeSession(turn, session.socket);
  }
  resolveDisputes(turn);
}
