import { digestSeal } from '#protocol/digest.ts';
import type { LeaseId, PublicKey } from '#protocol/ids.ts';
import type { AcceptedShard, Seal, SignedSeal, SignedVerdict, Verdict } from '#protocol/records.ts';
import type { RefusalCode } from '#protocol/refusal.ts';
import { after, type Instant, millis } from '#protocol/units.ts';
import {
  askOpinions,
  dropUnfounded,
  isMismatch,
  openDispute,
  quorumOf,
  unitName,
} from './disputes.ts';
import { decline, send, store, type Turn } from './effects.ts';
import type { Fact, Snapshot, SocketId } from './events.ts';
import { askOnce } from './forced-checks.ts';
import type { Hub, Job, VerifierSession } from './state.ts';

/** Two runs and a queue fit into it. */
const SEAL_MS = millis(180_000);
const OPEN_MS = millis(60_000);
/** How long a round waits for verifiers that are away; after a restart of the hub all of them are. */
const AWAY_MS = 30_000;
/** Unopened opinions of one verifier. */
const SEALS_MAX = 4_096;

/**
 * What verifiers think of one unit, so that none of them can repeat what another one said: each seals
 * its opinion, and none is opened before all that are online have sealed theirs or it got too late.
 */
export interface Round {
  lease: LeaseId;
  unit: number;
  device: PublicKey;
  asked: Set<PublicKey>;
  /** What is sealed and not open, and the session that said so last. */
  seals: Map<PublicKey, { seal: Seal['seal']; socket?: SocketId | undefined }>;
  /** They might have read what others said: what they say of this unit does not count. */
  late: Set<PublicKey>;
  stage: 'sealing' | 'opening' | 'over';
  until: Instant;
}

type About = Pick<Round, 'lease' | 'unit' | 'device'>;

/** The round under way on a unit, or a new one. */
function joinRound({ hub, world }: Turn, { lease, unit, device }: About): Round {
  const name = unitName({ lease, unit });
  const found = hub.rounds.get(name);
  if (found !== undefined && found.stage !== 'over') return found;
  const fresh = openRound({ lease, unit, device }, world.now);
  const round = found === undefined ? fresh : { ...fresh, seals: found.seals, late: found.late };
  hub.rounds.set(name, round);
  return round;
}

const openRound = (about: About, at: Instant): Round => ({
  ...about,
  asked: new Set(),
  seals: new Map(),
  late: new Set(),
  stage: 'sealing',
  until: after(at, SEAL_MS),
});

/** Asks for a sealed opinion, once a session; nobody is asked while others open theirs. */
export function askSealed(
  turn: Turn,
  verifier: VerifierSession,
  asked: { name: string; job: Job | undefined; shard: AcceptedShard; unit: number },
): void {
  const { unit, ...rest } = asked;
  const { lease, device } = asked.shard;
  const found = turn.hub.rounds.get(unitName({ lease, unit }));
  if (found?.stage === 'opening' || found?.late.has(verifier.key)) return;
  if (!askOnce(turn, verifier, { ...rest, units: [unit], seal: true })) return;
  joinRound(turn, { lease, unit, device }).asked.add(verifier.key);
}

/** A sealed opinion, asked for or not: who finds a unit wrong seals that, and the others are asked. */
export function receiveSeal(turn: Turn, verifier: VerifierSession, signed: SignedSeal): void {
  const { hub, world } = turn;
  const { record, signature } = signed;
  const { key, socket } = verifier;
  if (record.verifier !== key || !world.verify({ key, context: 'seal', record, signature })) {
    const message = 'an opinion must be sealed by the verifier of this session';
    return decline(turn, socket, { code: 'signature-wrong', message });
  }
  const round = hub.rounds.get(unitName(record));
  const held = round?.seals.get(key);
  const waits = hasUnit(hub, record) && !hasSpoken(hub, record, key);
  const same = held?.seal === record.seal;
  if (same) held.socket = socket;
  if (!waits || round?.late.has(key) || (same && round?.stage !== 'sealing')) {
    return tellUnseal(turn, verifier, record);
  }
  if (same) return;
  if (round?.stage === 'opening') {
    const message = 'opinions on this unit are being opened; seal this one again in a minute';
    return decline(turn, socket, { code: 'seal-late', message });
  }
  if (countSeals(hub, key) >= SEALS_MAX) {
    const message = `${SEALS_MAX} sealed opinions wait to be opened; seal this one again later`;
    return decline(turn, socket, { code: 'busy', message });
  }
  const { lease, unit } = record;
  const fact = { type: 'seal', stage: 'sealed', lease, unit, signed, at: world.now } as const;
  store(turn, [fact], { type: 'sealed', seal: record });
}

/** A seal is on disk: from now on it holds, and the others are asked. */
export function noteSeal(turn: Turn, { verifier, lease, unit, seal }: Seal): void {
  const { hub } = turn;
  const kept = hub.shards.get(lease);
  if (kept === undefined) return;
  const round = joinRound(turn, { lease, unit, device: kept.device });
  if (round.stage === 'opening') return;
  const session = hub.verifiers.get(verifier);
  session?.opinionsAsked.add(unitName({ lease, unit }));
  round.seals.set(verifier, { seal, socket: session?.socket });
  if (hub.enrolled.size > 1) openDispute(hub, { lease, unit });
  askOpinions(turn);
  turnRound(turn, round);
}

/** Of units that nobody computed there is nothing to say. */
function hasUnit({ shards }: Hub, { lease, unit }: Pick<Verdict, 'lease' | 'unit'>): boolean {
  const { firstUnit = 0, unitCount = 0 } = shards.get(lease) ?? {};
  return unit >= firstUnit && unit < firstUnit + unitCount;
}

const hasSpoken = (hub: Hub, about: Pick<Verdict, 'lease' | 'unit'>, key: PublicKey): boolean =>
  hub.verdictsTaken.has(`${unitName(about)}/${key}`);

function countSeals({ rounds }: Hub, key: PublicKey): number {
  let count = 0;
  for (const { seals } of rounds.values()) count += seals.has(key) ? 1 : 0;
  return count;
}

function tellUnseal(
  turn: Turn,
  { socket }: VerifierSession,
  { lease, unit }: Omit<About, 'device'>,
) {
  send(turn, socket, { type: 'unseal', lease, unit });
}

/** What was said of a unit may have been the last that its round waited for. */
export function turnRoundOf(turn: Turn, verdict: Verdict): void {
  const round = turn.hub.rounds.get(unitName(verdict));
  if (round !== undefined) turnRound(turn, round);
}

/** Moves rounds on, and forgets those that nobody needs any more. */
export function turnRounds(turn: Turn): void {
  const { rounds } = turn.hub;
  for (const [name, round] of rounds) {
    turnRound(turn, round);
    const needed = round.stage !== 'over' || round.seals.size > 0 || isOpen(turn.hub, round);
    if (!needed) rounds.delete(name);
  }
}

function turnRound(turn: Turn, round: Round): void {
  const { hub, world } = turn;
  const isDue = world.now >= round.until;
  if (round.stage === 'sealing' && (isDue || isSealed(turn, round))) {
    if (isDue && isOpen(hub, round)) noteMissing(turn, round);
    round.stage = 'opening';
    round.until = after(world.now, OPEN_MS);
    const { lease, unit } = round;
    store(turn, [{ type: 'seal', stage: 'opening', lease, unit, at: world.now }]);
    for (const key of round.seals.keys()) {
      const verifier = hub.verifiers.get(key);
      if (verifier !== undefined) tellUnseal(turn, verifier, round);
    }
  }
  const opened = [...round.seals.keys()].every((key) => round.late.has(key));
  if (round.stage === 'opening' && (world.now >= round.until || opened)) endRound(turn, round);
}

/** Whether anybody waits for more opinions on this unit. */
const isOpen = (hub: Hub, about: About): boolean => hub.disputes.has(unitName(about));

/** All have sealed, or all that are online for a while have, and they are enough to rule. */
function isSealed({ hub, world }: Turn, round: Round): boolean {
  if (!isOpen(hub, round)) return true;
  const missing = [...hub.enrolled].filter(
    (key) => !round.seals.has(key) && !round.late.has(key) && !hasSpoken(hub, round, key),
  );
  if (missing.length === 0) return true;
  const since = Math.max(hub.startedAt ?? 0, round.until - SEAL_MS);
  const enough = hub.enrolled.size - missing.length >= quorumOf(hub);
  const away = missing.every((key) => !hub.verifiers.has(key));
  return enough && away && world.now >= since + AWAY_MS;
}

/** Who was asked, is online and has sealed nothing is too late: the others are opened now. */
function noteMissing(turn: Turn, round: Round): void {
  const { asked, seals } = round;
  storeLate(
    turn,
    round,
    [...asked].filter((key) => !seals.has(key)),
  );
}

/** So is who did not open what it has sealed; one that began anew meanwhile has forgotten it. */
function endRound(turn: Turn, round: Round): void {
  round.stage = 'over';
  const { verifiers } = turn.hub;
  const kept = [...round.seals].filter(
    ([key, { socket }]) => verifiers.get(key)?.socket === socket,
  );
  storeLate(
    turn,
    round,
    kept.map(([key]) => key),
  );
  dropUnfounded(turn.hub, round);
}

function storeLate(turn: Turn, round: Round, keys: readonly PublicKey[]): void {
  const { hub, world } = turn;
  const { lease, unit, late } = round;
  const facts: Fact[] = [];
  for (const verifier of keys) {
    if (late.has(verifier) || !hub.verifiers.has(verifier)) continue;
    if (hasSpoken(hub, round, verifier)) continue;
    noteLate(hub, round, verifier);
    facts.push({ type: 'seal', stage: 'late', lease, unit, verifier, at: world.now });
  }
  if (facts.length > 0) store(turn, facts);
}

function noteLate(hub: Hub, { late }: Round, verifier: PublicKey): void {
  late.add(verifier);
  hub.late.set(verifier, (hub.late.get(verifier) ?? 0) + 1);
}

/** Whether what this verifier says of the unit came when others could be read. */
export const isLate = (hub: Hub, verdict: Verdict): boolean =>
  hub.rounds.get(unitName(verdict))?.late.has(verdict.verifier) === true;

/** What is wrong with a verdict that had to be sealed first: one that was asked for, or finds a fault. */
export function checkSeal(
  hub: Hub,
  signed: SignedVerdict,
): [code: RefusalCode, message: string] | undefined {
  const { verdict } = signed;
  const { verifier } = verdict;
  const round = hub.rounds.get(unitName(verdict));
  const held = round?.seals.get(verifier);
  if (held !== undefined && held.seal !== digestSeal(signed)) {
    return ['seal-mismatch', 'this verdict is not the one that was sealed; only that one counts'];
  }
  if (held !== undefined || round?.late.has(verifier)) return undefined;
  const faults = hub.enrolled.size > 1 && isMismatch(verdict);
  if (!faults && round?.asked.has(verifier) !== true) return undefined;
  const message =
    'several verifiers judge this unit: seal the verdict first, and send it when it is asked for';
  return ['seal-missing', message];
}

/** A verdict came and was taken: its seal is open. */
export function openSeal(hub: Hub, verdict: Verdict): void {
  hub.rounds.get(unitName(verdict))?.seals.delete(verdict.verifier);
}

/** A verifier is taken off the list. */
export function forgetSeals({ rounds }: Hub, key: PublicKey): void {
  for (const { asked, seals } of rounds.values()) {
    asked.delete(key);
    seals.delete(key);
  }
}

/** As the facts left it: what was opened since is sealed no more. */
export function restoreRounds(hub: Hub, { seals }: Snapshot): void {
  for (const fact of seals) {
    const { lease, unit, at } = fact;
    const name = unitName(fact);
    const device = hub.shards.get(lease)?.device;
    if (device === undefined) continue;
    const round = hub.rounds.get(name) ?? openRound({ lease, unit, device }, at);
    hub.rounds.set(name, round);
    if (fact.stage === 'late') noteLate(hub, round, fact.verifier);
    if (fact.stage === 'opening')
      Object.assign(round, { stage: 'opening', until: after(at, OPEN_MS) });
    if (fact.stage !== 'sealed') continue;
    const { verifier, seal } = fact.signed.record;
    Object.assign(round, { stage: 'sealing', until: after(at, SEAL_MS) });
    if (!hasSpoken(hub, fact, verifier)) round.seals.set(verifier, { seal });
  }
}
