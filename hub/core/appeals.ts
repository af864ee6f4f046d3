import type { DisputeView } from '#protocol/api.ts';
import type { PublicKey } from '#protocol/ids.ts';
import type { AcceptedShard, DisputeRecord, Verdict } from '#protocol/records.ts';
import { type Refusal, refusal } from '#protocol/refusal.ts';
import type { Instant } from '#protocol/units.ts';
import { blame, unitName } from './disputes.ts';
import { store, type Turn } from './effects.ts';
import type { Fact, Snapshot } from './events.ts';
import { dropBar } from './newcomers.ts';
import { askSealed, isLate } from './seals.ts';
import type { Hub } from './state.ts';

/**
 * A device that was convicted may dispute it (reference/verification.md §3.10e): verifiers that have not
 * spoken on the unit execute it again. Where the majority of all that spoke, and two at least, find it
 * right, the bar is lifted and those that convicted have a fault. There is no bond yet: who lost three
 * disputes has none for a month.
 */
const WINDOW_MS = 7 * 24 * 3_600_000;
const LOST_MAX = 3;
const LOST_PAUSE_MS = 30 * 24 * 3_600_000;
/** How far a device's clock may be off when it signs. */
const CLOCK_MS = 600_000;

/** The newest confirmed failure of a device, with what it takes to judge it once more. */
export interface Conviction {
  shard: AcceptedShard;
  unit: number;
  at: Instant;
  state: DisputeView['state'];
  /** What was said of the unit, by whoever said it. */
  against: Set<PublicKey>;
  inFavour: Set<PublicKey>;
}

type Appeal = Extract<Fact, { type: 'appeal' }>;

/** A device is convicted over a unit of this shard, by this verdict and what was said before. */
export function noteConviction(
  { hub, world }: Turn,
  verdict: Verdict,
  shard: AcceptedShard | undefined,
): Fact[] {
  if (shard === undefined) return [];
  const said = [...(hub.opinions.get(unitName(verdict)) ?? []), verdict];
  const conviction = openConviction({ shard, unit: verdict.unit, at: world.now }, said);
  hub.convictions.set(verdict.device, conviction);
  return [appealFact(conviction, 'convicted', world.now)];
}

function openConviction(
  about: Pick<Conviction, 'shard' | 'unit' | 'at'>,
  said: readonly Verdict[],
): Conviction {
  const conviction: Conviction = {
    ...about,
    state: 'none',
    against: new Set(),
    inFavour: new Set(),
  };
  for (const verdict of said) noteOpinion(conviction, verdict);
  return conviction;
}

/** Opens the dispute of a device, or says why not. */
export function openAppeal(turn: Turn, { device, at }: DisputeRecord): Fact[] | Refusal {
  const { hub, world } = turn;
  const { now } = world;
  const conviction = hub.convictions.get(device);
  if (Math.abs(now - at) > CLOCK_MS) {
    return refusal(
      'request-invalid',
      'the dispute was signed at another time; set the clock',
      'at',
    );
  }
  if (conviction === undefined || now - conviction.at > WINDOW_MS) {
    const message =
      'no unit of this device was found wrong in the last seven days; there is nothing to dispute';
    return refusal('dispute-closed', message);
  }
  if (conviction.state !== 'none') {
    const message = `this was disputed before and is ${conviction.state}; a unit is disputed once`;
    return refusal('dispute-closed', message);
  }
  const lost = (hub.appealsLost.get(device) ?? []).filter((when) => now - when < LOST_PAUSE_MS);
  if (lost.length >= LOST_MAX) {
    const message = `this device lost ${lost.length} disputes in a month; it may dispute again later`;
    return refusal('dispute-closed', message);
  }
  if (freshOf(hub, conviction).length === 0) {
    const message =
      'no verifier is enrolled that has not spoken on this unit; ask the operator to enrol one';
    return refusal('dispute-closed', message);
  }
  conviction.state = 'open';
  askFresh(turn);
  return [appealFact(conviction, 'opened', now)];
}

const appealFact = (
  { shard: { device, lease }, unit }: Conviction,
  stage: Appeal['stage'],
  at: Instant,
): Appeal => ({ type: 'appeal', stage, device, lease, unit, at });

const freshOf = ({ enrolled }: Hub, { against, inFavour }: Conviction): PublicKey[] =>
  [...enrolled].filter((key) => !against.has(key) && !inFavour.has(key));

/** Asks each verifier online that has not spoken on a unit in dispute, once a session. */
export function askFresh(turn: Turn): void {
  const { hub } = turn;
  for (const conviction of hub.convictions.values()) {
    if (conviction.state !== 'open') continue;
    const { shard, unit } = conviction;
    const job = hub.jobs.get(shard.job);
    const name = `appeal ${unitName({ lease: shard.lease, unit })}`;
    for (const key of freshOf(hub, conviction)) {
      const verifier = hub.verifiers.get(key);
      if (verifier !== undefined) askSealed(turn, verifier, { name, job, shard, unit });
    }
  }
}

function convictionOf(
  hub: Hub,
  { device, lease, unit }: Pick<Verdict, 'device' | 'lease' | 'unit'>,
): Conviction | undefined {
  const conviction = hub.convictions.get(device);
  const same = conviction?.shard.lease === lease && conviction.unit === unit;
  return same ? conviction : undefined;
}

/** Whether a device disputes what was found of this unit of its work. */
export const isAppealed = (hub: Hub, about: Pick<Verdict, 'device' | 'lease' | 'unit'>): boolean =>
  convictionOf(hub, about)?.state === 'open';

/** The whole shard of a unit that its device may dispute: a verdict on it is held to its digest. */
export const disputedShard = (hub: Hub, verdict: Verdict): AcceptedShard | undefined =>
  convictionOf(hub, verdict)?.shard;

/** A verdict on a unit in dispute, and what follows from it. */
export function weighAppeal(turn: Turn, verdict: Verdict): void {
  const { hub, world } = turn;
  const { device } = verdict;
  const conviction = convictionOf(hub, verdict);
  if (conviction?.state !== 'open') return;
  noteOpinion(conviction, verdict);
  const { against, inFavour } = conviction;
  const rest = freshOf(hub, conviction).length;
  const facts: Fact[] = [];
  if (inFavour.size >= 2 && inFavour.size > against.size) {
    facts.push(appealFact(conviction, 'overturned', world.now));
    overturn(hub, device, conviction);
    const { job, lease, unit } = verdict;
    facts.push(...blame(turn, [...against], { job, lease, unit }));
  } else if (inFavour.size + rest < 2 || inFavour.size + rest <= against.size) {
    conviction.state = 'upheld';
    hub.appealsLost.set(device, [...(hub.appealsLost.get(device) ?? []), world.now]);
    facts.push(appealFact(conviction, 'upheld', world.now));
  }
  if (facts.length > 0) store(turn, facts);
}

function noteOpinion({ against, inFavour }: Conviction, verdict: Verdict): void {
  if (verdict.kind === 'match') inFavour.add(verdict.verifier);
  // Whoever cannot say that it was right does not lift a bar.
  else against.add(verdict.verifier);
}

function overturn(hub: Hub, device: PublicKey, conviction: Conviction): void {
  conviction.state = 'overturned';
  hub.barred.delete(device);
  dropBar(hub.newcomers, device, conviction.at);
}

export function viewDispute(hub: Hub, device: PublicKey): DisputeView {
  const conviction = hub.convictions.get(device);
  if (conviction === undefined) return { state: 'none' };
  const { state, shard, unit, against, inFavour } = conviction;
  const opinions = { against: against.size, inFavour: inFavour.size };
  return { state, job: shard.job, unit, ...opinions };
}

/** As the facts left it. Convictions whose shard is not void any more cannot be. */
export function restoreAppeals(hub: Hub, { appeals, voided, verdicts }: Snapshot): void {
  const shards = new Map(voided.map((shard) => [shard.lease, shard]));
  for (const { stage, device, lease, unit, at } of appeals) {
    if (stage === 'convicted') {
      const shard = shards.get(lease);
      if (shard === undefined) continue;
      const said = verdicts
        .map(({ verdict }) => verdict)
        .filter((verdict) => verdict.lease === lease && verdict.unit === unit)
        .filter((verdict) => !isLate(hub, verdict));
      hub.convictions.set(device, openConviction({ shard, unit, at }, said));
      continue;
    }
    const conviction = hub.convictions.get(device);
    if (conviction?.shard.lease !== lease) continue;
    if (stage === 'overturned') overturn(hub, device, conviction);
    else conviction.state = stage === 'opened' ? 'open' : 'upheld';
    if (stage === 'upheld') {
      hub.appealsLost.set(device, [...(hub.appealsLost.get(device) ?? []), at]);
    }
  }
}
