import { sharersOf } from '#protocol/check-policy.ts';
import type { JobId, LeaseId, PublicKey } from '#protocol/ids.ts';
import { RUNS_TO_CONFIRM, type SignedVerdict, type Verdict } from '#protocol/records.ts';
import { after, millis } from '#protocol/units.ts';
import type { Turn } from './effects.ts';
import type { Fact, Snapshot } from './events.ts';
import { endCheck } from './in-flight.ts';
import { askSealed, forgetSeals, isLate } from './seals.ts';
import type { Hub, KeptShard } from './state.ts';

/** How long a verdict on a job that ended may still be contradicted. */
export const CHECKS_KEPT_MS = millis(600_000);

/**
 * One unit that a verifier found wrong while others have not said so. Until enough verifiers agree
 * nobody is convicted: its device gets no work, its job does not end and nothing of the device is
 * released.
 */
export interface Dispute {
  job: JobId;
  lease: LeaseId;
  unit: number;
  device: PublicKey;
  sequence: number;
}

/** `faulty` are the verifiers that the majority contradicts. */
export type Ruling =
  | { type: 'nothing' }
  | { type: 'open' }
  | { type: 'convict' | 'dismiss'; faulty: PublicKey[] };

export const unitName = ({ lease, unit }: Pick<Verdict, 'lease' | 'unit'>): string =>
  `${lease}/${unit}`;

/** Where two or more verifiers are enrolled, one alone convicts nobody. */
export const quorumOf = (hub: Hub): number => Math.min(2, Math.max(1, hub.enrolled.size));

/** How many must have judged: as many as it takes to convict, and all that share the checks. */
export const judgesOf = (hub: Hub): number =>
  Math.max(quorumOf(hub), Math.min(sharersOf(hub.config.checks), hub.enrolled.size));

/** The last sequence that enough verifiers have judged. */
export function judgedThrough(hub: Hub): number {
  const marks = [...hub.enrolled].map((key) => hub.judged.get(key) ?? -1);
  return marks.sort((a, b) => b - a)[judgesOf(hub) - 1] ?? -1;
}

/** Keeps what a verifier said of a unit and rules on all that was said of it. */
export function weighVerdict(hub: Hub, verdict: Verdict): Ruling {
  const kept = hub.jobs.get(verdict.job)?.forgotten !== true;
  if (hub.enrolled.size > 1 && kept) noteOpinion(hub, verdict);
  return ruleOn(hub, hub.opinions.get(unitName(verdict)) ?? [verdict]);
}

function ruleOn(hub: Hub, opinions: readonly Verdict[]): Ruling {
  const against = opinions.filter(isMismatch);
  const inFavour = opinions.filter(({ kind }) => kind === 'match');
  if (against.length === 0) return { type: 'nothing' };
  const agreeing = largestAccord(against);
  if (agreeing.length >= quorumOf(hub) && agreeing.length > inFavour.length) {
    const rest = [...inFavour, ...against].filter((opinion) => !agreeing.includes(opinion));
    return { type: 'convict', faulty: rest.map(({ verifier }) => verifier) };
  }
  if (inFavour.length >= 2 && inFavour.length > against.length) {
    return { type: 'dismiss', faulty: against.map(({ verifier }) => verifier) };
  }
  return { type: 'open' };
}

/** Who executes a unit on the exact lane comes to the same bytes: those who did not, guessed. */
function largestAccord(against: readonly Verdict[]): Verdict[] {
  const groups = against.map(({ reference }) =>
    against.filter((other) => other.reference === reference),
  );
  return groups.reduce((most, group) => (group.length > most.length ? group : most), []);
}

export const isMismatch = ({ kind, runs }: Verdict): boolean =>
  kind === 'mismatch' && runs >= RUNS_TO_CONFIRM;

function noteOpinion(hub: Hub, verdict: Verdict): void {
  const name = unitName(verdict);
  const others = (hub.opinions.get(name) ?? []).filter(
    (each) => each.verifier !== verdict.verifier,
  );
  hub.opinions.set(name, [...others, verdict]);
}

/** Opens or closes the dispute on a unit as the ruling has it; what must be written comes back. */
export function settleDispute(turn: Turn, verdict: Verdict, ruled: Ruling): Fact[] {
  const { hub } = turn;
  const name = unitName(verdict);
  const { job, lease, unit } = verdict;
  if (ruled.type === 'open') openDispute(hub, verdict);
  if (ruled.type === 'open' || ruled.type === 'nothing') return [];
  const dispute = hub.disputes.get(name);
  hub.disputes.delete(name);
  if (dispute !== undefined && ruled.type === 'dismiss') askAgain(hub, dispute.device);
  return blame(turn, ruled.faulty, { job, lease, unit });
}

/** Verifiers that the majority contradicted on a unit, each once; what must be written comes back. */
function blame(
  { hub, world }: Turn,
  faulty: readonly PublicKey[],
  about: Pick<Verdict, 'job' | 'lease' | 'unit'>,
): Fact[] {
  const name = unitName(about);
  const blamed = hub.blamed.get(name) ?? new Set();
  hub.blamed.set(name, blamed);
  const fresh = faulty.filter((verifier) => !blamed.has(verifier));
  return fresh.map((verifier) => {
    blamed.add(verifier);
    hub.faults.set(verifier, (hub.faults.get(verifier) ?? 0) + 1);
    return { type: 'verifier-fault', verifier, ...about, at: world.now };
  });
}

/** Of a job that has ended nothing can be asked any more, and nothing is held back. */
export function openDispute(hub: Hub, about: Pick<Verdict, 'lease' | 'unit'>): void {
  const kept = findShard(hub, about);
  if (kept?.whole === undefined) return;
  const { lease, unit } = about;
  const { job, device, sequence } = kept;
  hub.disputes.set(unitName(about), { job, lease, unit, device, sequence });
}

/** Ends a dispute that a seal has opened, where what was sealed does not bear it out. */
export function dropUnfounded(hub: Hub, about: Pick<Verdict, 'lease' | 'unit'>): void {
  const name = unitName(about);
  const dispute = hub.disputes.get(name);
  if (dispute === undefined || ruleOn(hub, hub.opinions.get(name) ?? []).type === 'open') return;
  hub.disputes.delete(name);
  askAgain(hub, dispute.device);
}

/** No exit audit of this device counted that came back while a unit of it was in dispute. */
function askAgain(hub: Hub, device: PublicKey): void {
  for (const { unreleased } of hub.jobs.values()) {
    for (const kept of unreleased.values()) {
      if (kept.device !== device) continue;
      for (const { auditsAsked } of hub.verifiers.values()) auditsAsked.delete(kept.sequence);
    }
  }
}

/** The shard of a verdict, unless its units are open again. */
function findShard(hub: Hub, { lease }: Pick<Verdict, 'lease'>): KeptShard | undefined {
  const kept = hub.shards.get(lease);
  return kept?.voided === true ? undefined : kept;
}

/**
 * Forgets what a removed verifier said of units that are not settled. Gives one of the opinions left on
 * each of its disputes; a dispute that nobody else has raised ends.
 */
export function forgetOpinions(hub: Hub, key: PublicKey): Verdict[] {
  const left: Verdict[] = [];
  forgetSeals(hub, key);
  for (const [name, dispute] of hub.disputes) {
    if (hub.rounds.get(name)?.seals.size === 0) dropUnfounded(hub, dispute);
  }
  for (const [name, opinions] of hub.opinions) {
    const others = opinions.filter(({ verifier }) => verifier !== key);
    if (others.length === opinions.length) continue;
    hub.opinions.set(name, others);
    const dispute = hub.disputes.get(name);
    const against = others.find(isMismatch);
    if (dispute === undefined) continue;
    if (against !== undefined) left.push(against);
    else {
      hub.disputes.delete(name);
      askAgain(hub, dispute.device);
    }
  }
  return left;
}

/** Each verifier online that has not spoken on a unit in dispute is asked to, once a session. */
export function askOpinions(turn: Turn): void {
  const { hub } = turn;
  for (const [name, { job: id, sequence, unit }] of hub.disputes) {
    const job = hub.jobs.get(id);
    const shard = job?.shards.get(sequence)?.whole;
    if (shard === undefined) continue;
    const spoken = new Set(hub.opinions.get(name)?.map(({ verifier }) => verifier));
    for (const verifier of hub.verifiers.values()) {
      if (!spoken.has(verifier.key)) askSealed(turn, verifier, { name, job, shard, unit });
    }
  }
}

export function isDisputed(hub: Hub, about: { device?: PublicKey; job?: JobId }): boolean {
  for (const { device, job } of hub.disputes.values()) {
    if (device === about.device || job === about.job) return true;
  }
  return false;
}

/** Disputes on the work of a device end with it: all of it is void. */
export function dropDisputes(hub: Hub, about: { device?: PublicKey; job?: JobId }): void {
  for (const [name, { device, job }] of hub.disputes) {
    if (device === about.device || job === about.job) hub.disputes.delete(name);
  }
}

/** Jobs that ended some time ago: until then other verifiers may review what was said of them. */
export function forgetEnded({ hub, world }: Turn): void {
  for (const [id, { endedAt, forgotten }] of hub.jobs) {
    if (endedAt === undefined || forgotten === true) continue;
    if (world.now >= after(endedAt, CHECKS_KEPT_MS)) forgetChecks(hub, id);
  }
}

/** What the checks of a job needed is in the log, and needed here no more. */
export function forgetChecks(hub: Hub, job: JobId): void {
  const found = hub.jobs.get(job);
  if (found !== undefined) found.forgotten = true;
  dropDisputes(hub, { job });
  for (const kept of found?.shards.values() ?? []) {
    delete kept.whole;
    endCheck(hub, kept);
  }
  for (const [name, [opinion]] of hub.opinions) {
    if (opinion?.job !== job) continue;
    hub.opinions.delete(name);
    hub.blamed.delete(name);
  }
}

/** What was said of units before a restart, where it still counts; opens again what was in dispute. */
export function restoreDisputes(hub: Hub, { verdicts }: Snapshot): void {
  const going = ({ verdict }: SignedVerdict): boolean => {
    const job = hub.jobs.get(verdict.job);
    if (job === undefined || job.forgotten || isLate(hub, verdict)) return false;
    return hub.enrolled.has(verdict.verifier);
  };
  for (const { verdict } of verdicts.filter(going)) {
    if (weighVerdict(hub, verdict).type === 'open') openDispute(hub, verdict);
    else hub.disputes.delete(unitName(verdict));
  }
  for (const { lease, unit, seals, stage } of hub.rounds.values()) {
    const waits = seals.size > 0 && stage === 'sealing' && hub.enrolled.size > 1;
    if (waits) openDispute(hub, { lease, unit });
  }
}
