import type { JobRecord } from '#protocol/api/job.ts';
import { NEWCOMER_UNIT_COST, type NewcomerPolicy } from '#protocol/checks/check-policy.ts';
import {
  fingerprintBytes,
  openProjection,
  projectionSeed,
  readTaps,
} from '#protocol/checks/fingerprint.ts';
import { placesOf } from '#protocol/records/failed-items.ts';
import { mendUnit } from '#protocol/tensors/unit-bytes.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { liveShards, selectFacts, settledIndexes } from '../../hub/core/state/fact-lists.ts';
import type { Fact } from '../../hub/core/state/facts.ts';
import { isLost } from '../../hub/core/state/questions.ts';
import type { DeviceNode } from './device-node.ts';
import { FAKE_TAPS, FAKE_UNIT_BYTES, fakeCompute, fakeTaps } from './fake-model.ts';
import { type Poison, poisonedPlaces } from './poison.ts';
import type { VerifierNode } from './verifier-node.ts';

/** What happened, by its facts. */
export function countFacts(facts: readonly Fact[]) {
  const of = selectFacts(facts);
  const verdicts = of('verdict').map(({ signed }) => signed.verdict);
  return {
    banned: of('banned').length,
    pardoned: of('pardoned').length,
    faults: of('verifier-fault').length,
    reviews: verdicts.filter(({ cause }) => cause === 'review').length,
    voided: of('voided').length,
    unrevealed: of('unrevealed').length,
    archived: of('device-archived').length,
    recalled: of('device-recalled').length,
    accepted: liveShards(of).length,
  };
}

/**
 * At no time had more devices begun than there were places; one that was banned begins again,
 * unless it is pardoned.
 */
export function checkNewcomers(
  facts: readonly Fact[],
  { burst, unitsEach }: NewcomerPolicy,
): string[] {
  const begun = new Set<string>();
  const bans = new Map<PublicKey, number>();
  const shards = new Map<number, number>();
  let [work, most] = [0, 0];
  for (const fact of facts) {
    if (fact.type === 'banned') bans.set(fact.device, (bans.get(fact.device) ?? 0) + 1);
    if (fact.type === 'pardoned') {
      const lives = bans.get(fact.device) ?? 0;
      bans.set(fact.device, lives - 1);
      if (begun.delete(`${fact.device} ${lives}`)) begun.add(`${fact.device} ${lives - 1}`);
    }
    if (fact.type === 'voided') work -= shards.get(fact.sequence) ?? 0;
    if (fact.type !== 'accepted') continue;
    const { device, sequence, unitCount, unitCost } = fact.shard;
    begun.add(`${device} ${bans.get(device) ?? 0}`);
    shards.set(sequence, unitCount * unitCost);
    work += unitCount * unitCost;
    most = Math.max(most, work);
    const places = burst + Math.floor(most / (unitsEach * NEWCOMER_UNIT_COST));
    if (begun.size > places) return [`${begun.size} devices began and there were ${places} places`];
  }
  return [];
}

/** The record blames the verifier that framed somebody, and no other one. */
export function checkVerifiers(
  facts: readonly Fact[],
  verifiers: readonly VerifierNode[],
  liar: PublicKey | undefined,
): string[] {
  const atFault = new Set(selectFacts(facts)('verifier-fault').map(({ verifier }) => verifier));
  const framed = selectFacts(facts)('verdict').some(
    ({ signed: { verdict } }) => verdict.verifier === liar && verdict.kind === 'mismatch',
  );
  const honest = [...atFault].some((verifier) => verifier !== liar);
  const truthful = verifiers.filter(({ key }) => key !== liar);
  return [
    ...checkLogs(facts, truthful),
    ...(honest ? ['an honest verifier was at fault'] : []),
    ...(framed && liar !== undefined && !atFault.has(liar) ? ['a lie was not atFault'] : []),
  ];
}

/** Each verifier has in its own log what the hub has of it, and says one thing of a unit. */
function checkLogs(facts: readonly Fact[], verifiers: readonly VerifierNode[]): string[] {
  const told = selectFacts(facts)('verdict').map(({ signed }) => signed);
  return verifiers.flatMap(({ key, log }) => {
    const have = new Set(log.map(({ signed }) => signed.signature));
    const units = new Set<string>();
    const kinds = new Set<string>();
    for (const { signed } of log) {
      const { lease, unit, kind } = signed.verdict;
      units.add(`${lease}/${unit}`);
      kinds.add(`${lease}/${unit}/${kind}`);
    }
    const own = told.filter(({ verdict }) => verdict.verifier === key);
    const lacking = own.filter(({ signature }) => !have.has(signature)).length;
    return [
      ...(lacking > 0
        ? [`${lacking} verdicts are not in the log of the verifier that said so`]
        : []),
      ...(units.size < kinds.size ? ['a verifier contradicts itself'] : []),
    ];
  });
}

/** Nobody honest pays for what others do. */
export function checkHonest(facts: readonly Fact[], devices: readonly DeviceNode[]): string[] {
  const of = selectFacts(facts);
  const honest = new Set(devices.map(({ key }) => key));
  const banned = of('banned').some(({ device }) => honest.has(device));
  const reset = of('unrevealed').some(({ device, resets }) => resets && honest.has(device));
  return [
    ...(banned ? ['an honest device was banned'] : []),
    ...(reset ? ['an honest device lost its trust over commitments it did not reveal'] : []),
  ];
}

/** Nothing that was acknowledged is lost, and no commitment hangs in the air. */
export function checkFacts(facts: readonly Fact[], devices: readonly DeviceNode[]): string[] {
  const of = selectFacts(facts);
  const leases = new Set(of('accepted').map(({ shard }) => shard.lease));
  const indexes = new Set(of('committed').map(({ commitment }) => commitment.entry.index));
  const settled = settledIndexes(of);
  const hanging = [...indexes]
    .filter((index) => !settled.has(index))
    .map((index) => `log entry ${index} is neither opened nor expired`);
  const lost = devices.flatMap(({ acknowledged }) => [
    ...acknowledged.leases
      .filter((id) => !leases.has(id))
      .map((id) => `acknowledged shard ${id} is lost`),
    ...acknowledged.indexes
      .filter((index) => !indexes.has(index))
      .map((index) => `log entry ${index} is lost`),
  ]);
  return [...lost, ...hanging];
}

const FAKE_PRINT_BYTES = fingerprintBytes(FAKE_TAPS.length);

/**
 * Each unit is accepted exactly once, or has no item that can be computed, and the items that cannot
 * are known; counts those whose outputs or whose fingerprints are wrong.
 */
export function checkResults(
  facts: readonly Fact[],
  { record, inputs, poison }: { record: JobRecord; inputs: Uint8Array; poison?: Poison },
) {
  const { id: job } = record;
  const model = record.draft.file.root;
  const broken: string[] = [];
  const units = inputs.length / FAKE_UNIT_BYTES;
  const seen = new Uint8Array(units);
  let [wrongUnits, wrongInside] = [0, 0];
  const of = selectFacts(facts);
  const failures = of('items-failed').filter((fact) => fact.job === job);
  const specs = record.draft.runtime.inputs;
  const inputOf = (unit: number) =>
    inputs.subarray(unit * FAKE_UNIT_BYTES, (unit + 1) * FAKE_UNIT_BYTES);
  const logged = new Map(
    of('committed').map(({ commitment }) => [commitment.entry.index, commitment]),
  );
  const { taps = [] } = of('job-packaged').find((fact) => fact.job === job)?.manifest.runtime ?? {};
  const scales = taps.map(({ scale }) => scale);
  for (const { shard, outputs, fingerprints } of liveShards(of, job)) {
    const signature = logged.get(shard.index)?.logSignature;
    const seed = signature && projectionSeed(signature, shard.commitment);
    const project = seed && openProjection(seed, scales);
    for (let at = 0; at < shard.unitCount; at += 1) {
      const unit = shard.firstUnit + at;
      seen[unit] = (seen[unit] ?? 0) + 1;
      const bad = failures.find((fact) => fact.unit === unit);
      const mended =
        bad?.mended && mendUnit(specs, inputOf(unit), { items: 2, failed: placesOf(bad.failed) });
      const input = mended ?? inputOf(unit);
      const right = fakeCompute(model, input);
      const given = outputs.subarray(at * FAKE_UNIT_BYTES, (at + 1) * FAKE_UNIT_BYTES);
      if (right.some((byte, index) => byte !== given[index])) wrongUnits += 1;
      if (taps.length === 0) continue;
      const inside = project?.(readTaps(taps, fakeTaps(model, input)));
      const revealed = fingerprints?.subarray(at * FAKE_PRINT_BYTES, (at + 1) * FAKE_PRINT_BYTES);
      if (inside?.some((byte, index) => byte !== revealed?.[index]) !== false) wrongInside += 1;
    }
  }
  for (let unit = 0; unit < units; unit += 1) {
    const right = poisonedPlaces(poison, specs, inputOf(unit));
    const bad = failures.find((fact) => fact.unit === unit);
    if (placesOf(bad?.failed ?? []).join() !== right.join()) {
      broken.push(`of unit ${unit} other items failed than cannot be computed`);
    }
    if (bad !== undefined && isLost(bad)) seen[unit] = (seen[unit] ?? 0) + 1;
  }
  const wrongCount = seen.reduce((sum, count) => sum + (count === 1 ? 0 : 1), 0);
  if (wrongCount > 0) broken.push(`${wrongCount} units are not accepted exactly once`);
  return { broken, wrongUnits, wrongInside };
}
