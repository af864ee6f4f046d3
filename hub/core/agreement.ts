import { decodeBase64 } from '#protocol/base64.ts';
import { LEG_POLICY } from '#protocol/check-policy.ts';
import { bytesToHex, DIGEST_BYTES } from '#protocol/digest.ts';
import type { Verdict } from '#protocol/records.ts';
import { isDisputed, quorumOf, unitName } from './disputes.ts';
import { store, type Turn } from './effects.ts';
import type { Snapshot } from './events.ts';
import { askUnits } from './forced-checks.ts';
import type { Legs } from './legs.ts';
import { addRun, coversRun, type Ranges, removeRun, runsOutside } from './ranges.ts';
import type { Hub, Job, KeptShard, VerifierSession } from './state.ts';
import { voidShards } from './verdicts.ts';

/**
 * The two legs of a job of assurance 2 held against each other. Equal digests agree. Where they differ
 * the verifiers judge the unit in both legs: on the exact lane one of them is wrong, and its device is
 * convicted as always; where a GPU has computed, both may be right, each within its tolerance. What no
 * verifier can judge is computed again. Released is what agrees once the draws of both legs are judged.
 */

/** Units of legs that differ which one verifier may have before it at once, and in one message. */
const ASKED_MAX = { units: 4_096, message: 64 } as const;
const ALL = 1_000_000;

/** The least share of a shard's units to check, as its job's assurance has it. */
export function checkFloor({ record }: Job, kept: KeptShard): number {
  if (record.assurance === 3) return ALL;
  return record.assurance === 2 && !isTrusted(kept) ? ALL : 0;
}

/** A leg that vouches for the other: two strangers may be one, and GPUs do not agree bit for bit. */
const isTrusted = ({ provider, before }: KeptShard): boolean =>
  provider === 'wasm' && before >= LEG_POLICY.trustedUnits;

const endOf = ({ firstUnit, unitCount }: KeptShard): number => firstUnit + unitCount;

/** Shards of the other leg that share units with this one. */
const partnersOf = (job: Job, kept: KeptShard): KeptShard[] =>
  [...job.shards.values()].filter(
    (other) =>
      other.leg !== kept.leg && other.firstUnit < endOf(kept) && kept.firstUnit < endOf(other),
  );

/** Compares a shard, or one unit of it, with what there is of the other leg. */
export function compareLegs(hub: Hub, kept: KeptShard, only?: number): void {
  const job = hub.jobs.get(kept.job);
  if (job?.legs === undefined || job.endedAt !== undefined) return;
  const { legs } = job;
  const [from, to] = only === undefined ? [kept.firstUnit, endOf(kept)] : [only, only + 1];
  for (const other of partnersOf(job, kept)) {
    const [mine, theirs] = [openDigests(kept), openDigests(other)];
    if (mine === undefined || theirs === undefined) continue;
    const end = Math.min(to, endOf(other));
    for (let unit = Math.max(from, other.firstUnit); unit < end; unit += 1) {
      const same = mine(unit) === theirs(unit) || areRight(hub, [kept, other], unit);
      addRun(same ? legs.agreed : legs.differing, unit, unit + 1);
      removeRun(same ? legs.differing : legs.agreed, unit, unit + 1);
    }
  }
}

/** Reads the digests that a device claimed, by unit. */
function openDigests({ whole, firstUnit }: KeptShard): ((unit: number) => string) | undefined {
  const digests = whole === undefined ? undefined : decodeBase64(whole.digests);
  if (!digests?.ok) return undefined;
  return (unit) => {
    const start = (unit - firstUnit) * DIGEST_BYTES;
    return bytesToHex(digests.value.subarray(start, start + DIGEST_BYTES));
  };
}

/** Two results that differ can both be right where tolerance judges one of them. */
const areRight = (hub: Hub, pair: readonly KeptShard[], unit: number): boolean =>
  pair.some(({ provider }) => provider !== 'wasm') &&
  pair.every(({ right }) => (right?.get(unit)?.size ?? 0) >= quorumOf(hub));

/** What a verifier said of a unit may settle it. */
export function noteFinding(hub: Hub, verdict: Verdict): void {
  const kept = hub.shards.get(verdict.lease);
  const job = hub.jobs.get(verdict.job);
  if (job?.legs === undefined || kept?.whole === undefined) return;
  const { unit, kind, verifier } = verdict;
  if (kind === 'inconclusive') kept.unclear = new Set([...(kept.unclear ?? []), unit]);
  if (kind !== 'match') return;
  kept.right ??= new Map();
  kept.right.set(unit, new Set([...(kept.right.get(unit) ?? []), verifier]));
  if (coversRun(job.legs.differing, unit, unit + 1)) compareLegs(hub, kept, unit);
}

/** A shard is void: what was found of its units is found no more, but for what is final. */
export function forgetAccord({ legs, released }: Job, kept: KeptShard): void {
  if (legs === undefined) return;
  for (const { first, end } of runsOutside(released, kept.firstUnit, endOf(kept))) {
    if (kept.leg === 2) removeRun(legs.covered, first, end);
    removeRun(legs.agreed, first, end);
    removeRun(legs.differing, first, end);
  }
}

/** Whether both legs of a shard's units agree, and all draws of both are judged. */
export function hasAgreed(hub: Hub, { job, kept }: { job: Job; kept: KeptShard }, judged: number) {
  if (job.legs === undefined || !coversRun(job.legs.agreed, kept.firstUnit, endOf(kept))) {
    return false;
  }
  return partnersOf(job, kept).every(
    ({ sequence, device }) => sequence <= judged && !isDisputed(hub, { device }),
  );
}

/**
 * Has units whose legs differ judged, in both of them, by each verifier online; opens again what a
 * verifier could say nothing of.
 */
export function settleLegs(turn: Turn): void {
  for (const job of turn.hub.jobs.values()) {
    const { legs, state } = job;
    if (legs === undefined || legs.differing.count === 0) continue;
    if (state !== 'running' && state !== 'finishing') continue;
    for (const kept of [...job.shards.values()]) settleShard(turn, { job, legs, kept });
  }
}

function settleShard(turn: Turn, on: { job: Job; legs: Legs; kept: KeptShard }): void {
  const { job, legs, kept } = on;
  const units = unitsWithin(legs.differing, kept);
  if (units.some((unit) => kept.unclear?.has(unit))) {
    store(
      turn,
      voidShards(turn, [kept], 'its legs differ and no verifier can tell which is right'),
    );
    return;
  }
  for (const verifier of turn.hub.verifiers.values())
    askFindings(turn, { job, kept }, { verifier, units });
}

function unitsWithin({ runs }: Ranges, kept: KeptShard): number[] {
  const units: number[] = [];
  for (const { first, end } of runs) {
    const last = Math.min(end, endOf(kept));
    for (let unit = Math.max(first, kept.firstUnit); unit < last; unit += 1) units.push(unit);
  }
  return units;
}

function askFindings(
  turn: Turn,
  { job, kept }: { job: Job; kept: KeptShard },
  { verifier, units }: { verifier: VerifierSession; units: number[] },
): void {
  const { verdictsTaken } = turn.hub;
  const { whole, lease } = kept;
  if (whole === undefined) return;
  const due = units.filter((unit) => {
    const name = unitName({ lease, unit });
    return !verifier.legsAsked.has(name) && !verdictsTaken.has(`${name}/${verifier.key}`);
  });
  const asked = due.slice(0, Math.max(0, ASKED_MAX.units - verifier.legsAsked.size));
  for (let start = 0; start < asked.length; start += ASKED_MAX.message) {
    const some = asked.slice(start, start + ASKED_MAX.message);
    if (!askUnits(turn, verifier, { job, shard: whole, units: some })) return;
    for (const unit of some) verifier.legsAsked.add(unitName({ lease, unit }));
  }
}

/** A shard is void: nobody has to judge its units any more. */
export function forgetAsked({ verifiers }: Hub, { lease, firstUnit, unitCount }: KeptShard): void {
  for (const { legsAsked } of verifiers.values()) {
    if (legsAsked.size === 0) continue;
    for (let unit = firstUnit; unit < firstUnit + unitCount; unit += 1) {
      legsAsked.delete(unitName({ lease, unit }));
    }
  }
}

/** Compares again all that stood before a restart. */
export function restoreLegs(hub: Hub, { verdicts }: Snapshot): void {
  for (const { verdict } of verdicts) noteFinding(hub, verdict);
  for (const job of hub.jobs.values()) {
    const { legs, released, shards } = job;
    if (legs === undefined) continue;
    for (const kept of shards.values()) if (kept.leg === 2) compareLegs(hub, kept);
    for (const { first, end } of released.runs) {
      addRun(legs.covered, first, end);
      addRun(legs.agreed, first, end);
      removeRun(legs.open, first, end);
    }
  }
}
