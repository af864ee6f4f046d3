import { decodeBase64 } from '#protocol/base64.ts';
import { bytesToHex, DIGEST_BYTES } from '#protocol/digest.ts';
import { fingerprintFault } from '#protocol/fingerprint-check.ts';
import type { PublicKey } from '#protocol/ids.ts';
import type { SignedVerdict, Verdict } from '#protocol/records.ts';
import type { RefusalCode } from '#protocol/refusal.ts';
import { after } from '#protocol/units.ts';
import { setAside } from './aside.ts';
import { canaryProblem } from './canaries.ts';
import {
  askOpinions,
  blame,
  closeDispute,
  type Dispute,
  isDisputed,
  isHeard,
  judgedThrough,
  mayLendAgain,
  opinionsOn,
  type Ruling,
  weighVerdict,
  withhold,
} from './disputes.ts';
import {
  changed,
  decline,
  moveJob,
  refuseSession,
  send,
  sendDevice,
  store,
  type Turn,
} from './effects.ts';
import type { Fact } from './events.ts';
import { endCheck } from './in-flight.ts';
import { revokeLease } from './lease.ts';
import { noteBar } from './newcomers.ts';
import { addRun } from './ranges.ts';
import { askAudits, checkFloor, countJudged, isFinal, releaseShards } from './release.ts';
import { scheduleWaiting, serveCredits } from './schedule.ts';
import { closeSession } from './session.ts';
import { type Hub, type Job, type KeptShard, type VerifierSession, verdictName } from './state.ts';

/** Units sent to a verifier beyond what it has judged: bounds its queue and ours. */
const UNITS_AHEAD_MAX = 262_144;
const CAUGHT = 'its device was caught with a wrong result';

/** Sends accepted shards in order, as far ahead as the verifier's window allows. */
export function sendChecks(turn: Turn, verifier: VerifierSession): void {
  const { hub } = turn;
  const judged = hub.judged.get(verifier.key) ?? -1;
  let ahead = 0;
  for (const kept of hub.unjudged.values()) {
    if (kept.sequence <= judged) continue;
    ahead += kept.unitCount;
    if (kept.sequence <= verifier.sentThrough) continue;
    if (ahead > UNITS_AHEAD_MAX && ahead > kept.unitCount) return;
    const job = hub.jobs.get(kept.job);
    if (kept.whole !== undefined && job?.manifest !== undefined) {
      const known = verifier.manifests.has(kept.package);
      const floorPpm = checkFloor(job);
      verifier.manifests.add(kept.package);
      send(turn, verifier.socket, {
        type: 'check',
        shard: kept.whole,
        ...(known ? {} : { manifest: job.manifest }),
        inputs: job.record.inputs,
        ...(floorPpm > 0 ? { floorPpm } : {}),
      });
    }
    verifier.sentThrough = kept.sequence;
  }
}

export function sendChecksToAll(turn: Turn): void {
  for (const verifier of turn.hub.verifiers.values()) sendChecks(turn, verifier);
}

export function receiveJudged(turn: Turn, verifier: VerifierSession, through: number): void {
  const { hub } = turn;
  const before = hub.judged.get(verifier.key) ?? -1;
  if (through <= before) return;
  if (through > verifier.sentThrough) {
    const message = `judged ${through} is ahead of ${verifier.sentThrough}, the last shard sent`;
    return decline(turn, verifier.socket, { code: 'message-out-of-order', message });
  }
  hub.judged.set(verifier.key, through);
  const enough = judgedThrough(hub);
  const freed = new Set<PublicKey>();
  for (const kept of hub.unjudged.values()) {
    if (kept.sequence > enough) break;
    countJudged(hub, kept);
    if (endCheck(hub, kept)) freed.add(kept.device);
  }
  releaseShards(turn);
  store(turn, [{ type: 'judged', verifier: verifier.key, through }]);
  forgetJudged(turn);
  sendChecks(turn, verifier);
  finishJobs(turn);
  serveFreed(turn, freed);
}

/** Devices of which less is out now may get more. */
function serveFreed(turn: Turn, freed: ReadonlySet<PublicKey>): void {
  for (const key of freed) {
    const device = turn.hub.devices.get(key);
    if (device !== undefined) serveCredits(turn, device);
  }
}

/** Shards that enough verifiers, and all that are online, have judged need not be sent again. */
function forgetJudged(turn: Turn): void {
  const { hub } = turn;
  let through = judgedThrough(hub);
  for (const key of hub.verifiers.keys()) through = Math.min(through, hub.judged.get(key) ?? -1);
  for (const sequence of hub.unjudged.keys()) {
    if (sequence > through) return;
    hub.unjudged.delete(sequence);
  }
}

export function receiveVerdict(turn: Turn, verifier: VerifierSession, signed: SignedVerdict): void {
  const { hub, world } = turn;
  const { verdict, signature } = signed;
  const name = verdictName(signed);
  if (hub.verdictsTaken.has(name)) return;
  const job = hub.jobs.get(verdict.job);
  const honest =
    verdict.verifier === verifier.key &&
    world.verify({ key: verifier.key, context: 'verdict', record: verdict, signature });
  if (!honest) {
    const message = 'a verdict must be signed by the verifier of this session';
    return decline(turn, verifier.socket, { code: 'signature-wrong', message });
  }
  if (job === undefined) {
    const message = `no job ${verdict.job} is known here`;
    return decline(turn, verifier.socket, { code: 'job-unknown', message });
  }
  const shard = hub.shards.get(verdict.lease);
  const problem = judgeVerdict(hub, job, verdict) ?? canaryProblem(job, verdict);
  if (problem !== undefined || shard === undefined) {
    const [code, message] = problem ?? NO_SHARD;
    return decline(turn, verifier.socket, { code, message });
  }
  hub.verdictsTaken.add(name);
  const facts: Fact[] = [{ type: 'verdict', signed }];
  if (withhold(hub, signed)) {
    store(turn, facts, { type: 'verdict', signed });
    changed(turn, job);
    askOpinions(turn);
    return endDisputes(turn);
  }
  const ruled = weighVerdict(hub, verdict);
  facts.push(...followRuling(turn, [verdict], ruled));
  store(turn, facts, { type: 'verdict', signed });
  tellVerdict(turn, verdict);
  if (ruled.type === 'convict') expel(turn, verdict);
  changed(turn, job);
  scheduleWaiting(turn);
}

/** Ends each dispute on which all have spoken, or have had their time. */
export function endDisputes(turn: Turn): void {
  const { disputes } = turn.hub;
  const heard = [...disputes.values()].filter((dispute) => isHeard(turn, dispute));
  for (const dispute of heard) endDispute(turn, dispute);
  if (heard.length === 0) return;
  scheduleWaiting(turn);
  finishJobs(turn);
}

/** Rules on a unit. What was said of it may be read when what follows from it is on disk. */
function endDispute(turn: Turn, dispute: Dispute): void {
  const { hub } = turn;
  const job = hub.jobs.get(dispute.job);
  if (job === undefined) return;
  const said = opinionsOn(hub, dispute);
  const ruled = closeDispute(hub, dispute);
  const facts =
    ruled.type === 'tie' ? lendAgain(turn, job, dispute) : followRuling(turn, said, ruled);
  store(turn, facts, { type: 'ruled', verdicts: dispute.withheld });
  for (const { verdict } of dispute.withheld) tellVerdict(turn, verdict);
  if (ruled.type === 'convict') expel(turn, dispute);
  changed(turn, job);
}

/** Verifiers do not agree: nobody is blamed, and the unit is computed again. */
function lendAgain(turn: Turn, job: Job, dispute: Dispute): Fact[] {
  const { hub } = turn;
  const shard = hub.shards.get(dispute.lease);
  blame(turn, [], dispute);
  const stands = shard === undefined || shard.voided === true || isFinal(job, shard);
  if (stands || !mayLendAgain(hub, dispute)) return [];
  return voidShards(turn, [shard], 'verifiers do not agree on a unit of it');
}

/** What follows from a ruling on a unit, and from what was said of it. */
function followRuling(turn: Turn, said: readonly Verdict[], ruled: Ruling): Fact[] {
  const [verdict] = said;
  const shard = verdict && turn.hub.shards.get(verdict.lease);
  const job = verdict && turn.hub.jobs.get(verdict.job);
  if (verdict === undefined || job === undefined || shard === undefined) return [];
  if (ruled.type === 'tie') return [];
  const facts: Fact[] = ruled.type === 'nothing' ? [] : blame(turn, ruled.faulty, verdict);
  if (ruled.type === 'convict') return [...facts, ...convict(turn, verdict)];
  const unfit = said.find(({ kind }) => kind === 'device-unfit');
  if (unfit !== undefined) return [...facts, ...setDeviceAside(turn, unfit, shard)];
  const isWrong = ruled.type === 'nothing' && said.some(({ kind }) => kind === 'mismatch');
  if (!isWrong || shard.voided === true || isFinal(job, shard)) return facts;
  return [...facts, ...voidShards(turn, [shard], 'a check of it did not match')];
}

/** A verdict is told: it counts in the views of its job, and its device hears of it. */
function tellVerdict(turn: Turn, { job: id, device, unit, kind }: Verdict): void {
  countVerdict(turn.hub.jobs.get(id), kind);
  sendDevice(turn, device, { type: 'judgement', job: id, unit, kind });
}

/** Counts a verdict that is not withheld. */
export function countVerdict(job: Job | undefined, kind: Verdict['kind']): void {
  if (job === undefined) return;
  job.checked += 1;
  if (kind === 'mismatch') job.mismatched += 1;
}

type Problem = [code: RefusalCode, message: string];
const NO_SHARD: Problem = [
  'lease-unknown',
  'no accepted shard came from the lease of this verdict',
];

/**
 * What is wrong with a signed verdict. It must be about a unit of an accepted shard, void or not: a
 * verifier may have judged it before it heard that the shard is void, or before a restart.
 */
function judgeVerdict(hub: Hub, job: Job, verdict: Verdict): Problem | undefined {
  const { device, unit, claimed, reference, lane, kind } = verdict;
  const shard = hub.shards.get(verdict.lease);
  if (shard === undefined || shard.job !== verdict.job) return NO_SHARD;
  if (shard.device !== device) {
    return ['lease-not-yours', 'the shard of this verdict is the work of another device'];
  }
  const place = unit - shard.firstUnit;
  if (place < 0 || place >= shard.unitCount) {
    return ['range-invalid', `unit ${unit} is no part of the shard of this verdict`];
  }
  const digests = shard.whole === undefined ? undefined : decodeBase64(shard.whole.digests);
  if (digests?.ok) {
    const due = digests.value.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES);
    if (bytesToHex(due) !== claimed) {
      return ['result-digest', 'the device did not claim the digest that this verdict says'];
    }
  }
  const tapped = (job.manifest?.taps.length ?? 0) > 0;
  const inside = fingerprintFault(verdict, tapped);
  if (inside !== undefined) return ['result-digest', `this verdict ${inside}`];
  const right = claimed === reference && verdict.fingerprint?.deviates === undefined;
  if ((kind === 'match' && lane === 'exact' && !right) || (kind === 'mismatch' && right)) {
    return ['result-digest', `the digests of this verdict do not bear out that it is a ${kind}`];
  }
  return undefined;
}

/** A confirmed mismatch: all its work in jobs that have not ended is void, and it stays out. */
function convict(turn: Turn, { device, job, lease, unit }: Verdict): Fact[] {
  const { hub, world } = turn;
  const found = voidShards(turn, shardsOf(turn, device), CAUGHT);
  forgetStanding(hub.standings, device);
  forgetStanding(hub.judgedUnits, device);
  const bar = hub.barred.get(device);
  if (bar !== undefined && bar.until > world.now) return found;
  const until = after(world.now, hub.config.barMs);
  const reason = `unit ${unit} of ${job} did not match its re-execution`;
  const ban = { device, until, reason, work: { lease, unit }, at: world.now };
  hub.barred.set(device, ban);
  noteBar(hub.newcomers, device, world.now);
  return [{ type: 'barred', ...ban }, ...found];
}

/** The device begins again with every package. */
export function forgetStanding(standings: Map<string, number>, device: PublicKey): void {
  for (const name of standings.keys()) if (name.startsWith(`${device}/`)) standings.delete(name);
}

const UNFITNESS = {
  deviates: 'too far off',
  inside: 'too far off inside the model',
} as const;

/** Honest but wrong, as GPUs are at times: it computes this model on that provider no more for a day. */
function setDeviceAside(turn: Turn, verdict: Verdict, kept: KeptShard): Fact[] {
  const { hub } = turn;
  const how = UNFITNESS[verdict.reason ?? 'deviates'];
  const message = `this device computes this model ${how}`;
  const isSame = (other: Pick<KeptShard, 'package' | 'provider'>): boolean =>
    other.package === kept.package && other.provider === kept.provider;
  const admitted = hub.devices.get(kept.device)?.admitted;
  if (admitted?.get(kept.package)?.provider === kept.provider) admitted.delete(kept.package);
  revokeAll(turn, kept.device, { message, only: isSame });
  const aside = setAside(turn, kept, `checks found its results on ${kept.provider} ${how}`);
  const shards = shardsOf(turn, kept.device).filter(isSame);
  return [...aside, ...voidShards(turn, shards, `its device computes this model ${how}`)];
}

function shardsOf(turn: Turn, device: PublicKey): KeptShard[] {
  const found: KeptShard[] = [];
  for (const job of turn.hub.jobs.values()) {
    if (job.state !== 'running' && job.state !== 'finishing') continue;
    for (const kept of job.shards.values()) {
      if (kept.device === device && !isFinal(job, kept)) found.push(kept);
    }
  }
  return found;
}

/** Opens the units of accepted shards again. */
export function voidShards(turn: Turn, shards: KeptShard[], reason: string): Fact[] {
  const { hub, world } = turn;
  return shards.flatMap((kept) => {
    const job = hub.jobs.get(kept.job);
    if (job === undefined || (job.state !== 'running' && job.state !== 'finishing')) return [];
    kept.voided = true;
    delete kept.whole;
    job.shards.delete(kept.sequence);
    job.unreleased.delete(kept.sequence);
    hub.unjudged.delete(kept.sequence);
    endCheck(hub, kept);
    hub.acceptedUnits -= kept.unitCount;
    addRun(job.open, kept.firstUnit, kept.firstUnit + kept.unitCount);
    job.acceptedUnits -= kept.unitCount;
    job.requeued += kept.unitCount;
    if (job.state === 'finishing' && job.acceptedUnits < job.record.units) {
      moveJob(turn, job, {
        state: 'running',
        reason: 'some units are computed again after a check',
      });
    }
    changed(turn, job);
    const { sequence } = kept;
    for (const verifier of hub.verifiers.values()) {
      if (verifier.sentThrough < sequence) continue;
      send(turn, verifier.socket, { type: 'voided', sequence });
    }
    return [{ type: 'voided', sequence, job: kept.job, reason, at: world.now } satisfies Fact];
  });
}

function revokeAll(
  turn: Turn,
  device: PublicKey,
  {
    message,
    only = () => true,
  }: { message: string; only?(lent: Pick<KeptShard, 'package' | 'provider'>): boolean },
): void {
  for (const active of [...turn.hub.leases.values()]) {
    const { lease, provider } = active;
    if (active.device !== device || active.stage === 'accepting') continue;
    if (!only({ package: lease.package, provider })) continue;
    revokeLease(turn, active, { code: 'device-barred', message });
  }
}

function expel(turn: Turn, { device: key }: Pick<Verdict, 'device'>): void {
  const bar = turn.hub.barred.get(key);
  if (bar === undefined || bar.until <= turn.world.now) return;
  revokeAll(turn, key, { message: bar.reason });
  const device = turn.hub.devices.get(key);
  if (device === undefined) return;
  refuseSession(turn, device.socket, { code: 'device-barred', message: bar.reason });
  closeSession(turn, device.socket);
}

/** A job is done when every unit is accepted and some verifier has judged every draw of it. */
export function finishJobs(turn: Turn): void {
  const { hub } = turn;
  const judged = judgedThrough(hub);
  for (const job of hub.jobs.values()) {
    if (job.state !== 'finishing') continue;
    if (hub.config.needsVerifier && judged < job.lastSequence) continue;
    if (isDisputed(hub, { job: job.record.id })) continue;
    if (job.unreleased.size > 0) {
      for (const verifier of hub.verifiers.values()) askAudits(turn, verifier);
      continue;
    }
    const reason =
      job.checked > 0
        ? `${job.checked} units checked, ${job.mismatched} did not match`
        : 'every unit is computed; none of them was drawn for a check';
    moveJob(turn, job, { state: 'done', reason });
  }
}
