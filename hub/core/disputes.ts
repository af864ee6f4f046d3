import { sharersOf } from '#protocol/check-policy.ts';
import type { JobId, LeaseId, PublicKey } from '#protocol/ids.ts';
import {
  type AcceptedShard,
  RUNS_TO_CONFIRM,
  type SignedVerdict,
  type Verdict,
} from '#protocol/records.ts';
import { after, type Instant, millis } from '#protocol/units.ts';
import type { Turn } from './effects.ts';
import type { Fact, Snapshot } from './events.ts';
import { askOnce } from './forced-checks.ts';
import { endCheck } from './in-flight.ts';
import { openVerdicts } from './reviews.ts';
import { type Hub, verdictName } from './state.ts';

/** How long a verdict on a job that ended may still be contradicted. */
export const CHECKS_KEPT_MS = millis(600_000);

/** How long verifiers may take for an opinion: two runs and a queue fit into it. */
const OPINION_MS = 180_000;
/** How long one that is away is waited for; after a restart of the hub all of them are. */
const AWAY_MS = 30_000;
/** How often a unit is computed again because verifiers do not agree on it. */
const TIES_MAX = 2;

/**
 * One unit that a verifier found wrong, where several are enrolled. The others are asked. What is said
 * of the unit is withheld until all have spoken or have had their time: nobody can repeat what another
 * one said. Then the unit is ruled on, once. Until then its device gets no work, its job does not end
 * and nothing of the device is released.
 */
export interface Dispute {
  job: JobId;
  lease: LeaseId;
  unit: number;
  device: PublicKey;
  /** Whole: it may be void before all have spoken. */
  shard: AcceptedShard;
  /** When the others were first asked, in this life of the hub. */
  since?: Instant;
  /** What was said since the unit was found wrong. */
  withheld: SignedVerdict[];
}

/**
 * `faulty` are the verifiers that the majority contradicts. `tie`: the unit was found wrong, and there
 * is no majority.
 */
export type Ruling =
  | { type: 'nothing' }
  | { type: 'tie' }
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

/**
 * Keeps a verdict from all readers where its unit is in dispute, or is from now on. Says whether it
 * is withheld; if not, `weighVerdict` says what follows from it.
 */
export function withhold(hub: Hub, signed: SignedVerdict): boolean {
  const { verdict } = signed;
  const dispute = hub.disputes.get(unitName(verdict)) ?? openDispute(hub, verdict);
  if (dispute === undefined) return false;
  dispute.withheld.push(signed);
  hub.reviews.withheld.add(verdictName(signed));
  noteOpinion(hub, verdict);
  return true;
}

/** Of a void shard, or a job that ended some time ago, nothing can be asked any more. */
function openDispute(hub: Hub, verdict: Verdict): Dispute | undefined {
  const { lease, unit } = verdict;
  const name = unitName(verdict);
  const kept = hub.shards.get(lease);
  if (hub.enrolled.size < 2 || !isMismatch(verdict) || hub.ruled.has(name)) return undefined;
  if (kept?.whole === undefined || kept.voided === true) return undefined;
  const { job, device, whole: shard } = kept;
  const dispute: Dispute = { job, lease, unit, device, shard, withheld: [] };
  hub.disputes.set(name, dispute);
  return dispute;
}

/**
 * Keeps what a verifier said of a unit that is not in dispute, and rules on all that was said.
 * What is said after a dispute on the unit could be copied: nothing follows from it.
 */
export function weighVerdict(hub: Hub, verdict: Verdict): Ruling {
  const kept = hub.jobs.get(verdict.job)?.forgotten !== true;
  if (hub.enrolled.size > 1 && kept) noteOpinion(hub, verdict);
  if (hub.ruled.has(unitName(verdict))) return { type: 'tie' };
  return ruleOn(hub, hub.opinions.get(unitName(verdict)) ?? [verdict]);
}

/** What was said of a unit in dispute. */
export const opinionsOn = (hub: Hub, dispute: Dispute): readonly Verdict[] =>
  hub.opinions.get(unitName(dispute)) ?? [];

/**
 * Whether all enrolled verifiers have spoken on a unit in dispute, or have had their time. Those
 * that are away are waited for less where the others agree.
 */
export function isHeard({ hub, world }: Turn, dispute: Dispute): boolean {
  const said = opinionsOn(hub, dispute);
  dispute.since ??= world.now;
  const spoken = new Set(said.map(({ verifier }) => verifier));
  const missing = [...hub.enrolled].filter((key) => !spoken.has(key));
  const waited = world.now - dispute.since;
  if (missing.length === 0 || waited >= OPINION_MS || !said.some(isMismatch)) return true;
  const away = missing.every((key) => !hub.verifiers.has(key));
  return away && waited >= AWAY_MS && ruleOn(hub, said).type !== 'tie';
}

/** Ends a dispute and rules on its unit. */
export function closeDispute(hub: Hub, dispute: Dispute): Ruling {
  hub.disputes.delete(unitName(dispute));
  askAgain(hub, dispute.device);
  return ruleOn(hub, opinionsOn(hub, dispute));
}

/** Whether a unit that verifiers cannot agree on is computed again: after some times it stands. */
export function mayLendAgain(hub: Hub, { job, unit }: Dispute): boolean {
  let ties = 0;
  for (const opinions of hub.opinions.values()) {
    const [first] = opinions;
    if (first?.job !== job || first.unit !== unit) continue;
    const voided = hub.shards.get(first.lease)?.voided === true;
    if (voided && ruleOn(hub, opinions).type === 'tie') ties += 1;
  }
  return ties < TIES_MAX;
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
  return { type: 'tie' };
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

/** Verifiers that the majority contradicted on a unit, each once; what must be written comes back. */
export function blame(
  { hub, world }: Turn,
  faulty: readonly PublicKey[],
  { job, lease, unit }: Pick<Verdict, 'job' | 'lease' | 'unit'>,
): Fact[] {
  const name = unitName({ lease, unit });
  const blamed = hub.ruled.get(name) ?? new Set();
  hub.ruled.set(name, blamed);
  const fresh = faulty.filter((verifier) => !blamed.has(verifier));
  return fresh.map((verifier) => {
    blamed.add(verifier);
    hub.faults.set(verifier, (hub.faults.get(verifier) ?? 0) + 1);
    return { type: 'verifier-fault', verifier, job, lease, unit, at: world.now };
  });
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

/** Forgets what a removed verifier said: it counts no more on units that are not ruled. */
export function forgetOpinions(hub: Hub, key: PublicKey): void {
  for (const [name, opinions] of hub.opinions) {
    const others = opinions.filter(({ verifier }) => verifier !== key);
    if (others.length < opinions.length) hub.opinions.set(name, others);
  }
}

/** Each verifier online that has not spoken on a unit in dispute is asked to, once a session. */
export function askOpinions(turn: Turn): void {
  const { hub } = turn;
  for (const [name, dispute] of hub.disputes) {
    const { shard, unit } = dispute;
    const job = hub.jobs.get(dispute.job);
    const spoken = new Set(opinionsOn(hub, dispute).map(({ verifier }) => verifier));
    for (const verifier of hub.verifiers.values()) {
      if (!spoken.has(verifier.key)) askOnce(turn, verifier, { name, job, shard, units: [unit] });
    }
  }
}

export function isDisputed(hub: Hub, about: { device?: PublicKey; job?: JobId }): boolean {
  for (const { device, job } of hub.disputes.values()) {
    if (device === about.device || job === about.job) return true;
  }
  return false;
}

/** Jobs that ended some time ago: until then other verifiers may review what was said of them. */
export function forgetEnded(turn: Turn): void {
  const { hub, world } = turn;
  for (const [id, { endedAt, forgotten }] of hub.jobs) {
    if (endedAt === undefined || forgotten === true) continue;
    if (world.now >= after(endedAt, CHECKS_KEPT_MS)) forgetChecks(turn, id);
  }
}

/** What the checks of a job needed is in the log, and needed here no more. */
export function forgetChecks(turn: Turn, job: JobId): void {
  const { hub } = turn;
  const found = hub.jobs.get(job);
  if (found !== undefined) found.forgotten = true;
  for (const [name, dispute] of hub.disputes) {
    if (dispute.job !== job) continue;
    hub.disputes.delete(name);
    openVerdicts(turn, dispute.withheld);
  }
  for (const kept of found?.shards.values() ?? []) {
    delete kept.whole;
    endCheck(hub, kept);
  }
  for (const [name, [opinion]] of hub.opinions) {
    if (opinion?.job !== job) continue;
    hub.opinions.delete(name);
    hub.ruled.delete(name);
  }
}

/** What was said of units before a restart, where it still counts; opens again what was in dispute. */
export function restoreDisputes(hub: Hub, { verdicts, faults, barred }: Snapshot): void {
  const goesOn = (job: JobId | undefined) => job !== undefined && !hub.jobs.get(job)?.forgotten;
  const ruledOn = (about: Pick<Verdict, 'lease' | 'unit'>): Set<PublicKey> => {
    const name = unitName(about);
    const faulty = hub.ruled.get(name) ?? new Set();
    if (goesOn(hub.shards.get(about.lease)?.job)) hub.ruled.set(name, faulty);
    return faulty;
  };
  for (const { verifier, ...about } of faults) ruledOn(about).add(verifier);
  for (const { work } of barred) if (work !== undefined) ruledOn(work);
  for (const signed of verdicts) {
    const { verdict } = signed;
    if (!goesOn(verdict.job) || !hub.enrolled.has(verdict.verifier)) continue;
    if (!withhold(hub, signed)) weighVerdict(hub, verdict);
  }
}
