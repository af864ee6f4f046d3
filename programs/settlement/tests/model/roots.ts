import { bytesToHex, concatBytes, sha256 } from '#protocol/bytes/digest.ts';
import {
  nextAttempt,
  PENDING,
  type PendingRoot,
  turnOf,
  turnSecs,
  type VerifierSet,
} from '#protocol/settlement/accounts.ts';
import { type Content, hashAttestation, hashContent } from '#protocol/settlement/attestation.ts';
import { isSameKey, type Key, U64_MAX } from '#protocol/settlement/layout.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import { PROGRAM_ID, type Signer, SOL } from '../support/chain.ts';
import { EPOCH_CAP, instructions, type LeafOf, type Period } from '../support/world.ts';
import { ADMIN, GUARDIAN, STRANGER, setAt, VERIFIERS, WORKERS } from './actors.ts';
import type { Aim, Setting } from './attempt.ts';
import { demand, isLive, type Model, there } from './model.ts';

/** A root from its proposal to its end. */
const WRONGS = [
  'number',
  'total',
  'cap',
  'claims count',
  'spends count',
  'spends beyond escrows',
  'expired',
  'expires in window',
  'expires late',
  'message',
  'stranger',
  'twice',
  'nobody',
  'set',
] as const;

export const proposeRoot: Aim = (setting) => {
  const { world, model, trees, draw } = setting;
  const wrong = draw.wrong(WRONGS);
  const period = drawPeriod(setting);
  trees.note(period);
  const content = spoilContent(period.content, model, wrong);
  const setId = wrong === 'set' ? draw.below(model.config.setId + 2) : activeSet(model);
  const set = model.sets.get(setId);
  const turn = set === undefined ? 0 : turnOf(model.config, set, model.now);
  const signers = drawSigners(setting, set, { wrong, turn });
  const number = model.pool.period + (wrong === 'number' ? draw.pick([0n, 2n]) : 1n);
  const { graceSecs, challengeSecs } = model.config;
  const life = draw.pick([graceSecs, graceSecs, graceSecs, challengeSecs]);
  const wrongLives: Partial<Record<string, bigint>> = {
    expired: -1n,
    'expires in window': challengeSecs - 1n,
    'expires late': graceSecs + 1n,
  };
  const expiresAt = model.now + (wrongLives[wrong ?? ''] ?? life);
  const digest = hashAttestation(
    { ...placeOf(setting), setId },
    hashContent(wrong === 'message' ? { ...content, dataHash: EMPTY_KEY } : content),
    expiresAt,
  );
  const at = { config: world.config, pool: world.pool, set: setAt(world.config, setId).key };
  const proposed = instructions.proposeRoot(at, { period: number, content, expiresAt });
  return {
    made: signers.length === 0 ? [proposed] : [world.signatures(digest, signers), proposed],
    signers: [],
    rule() {
      const { pool, now } = model;
      const found = there(set);
      demand(model.config.paused === 0, 'settlement-paused');
      demand(pool.retired === 0, 'settlement-pool-retired');
      demand(setId === activeSet(model), 'settlement-set-inactive');
      demand(number === pool.period + 1n, 'settlement-period-wrong');
      demand(content.total >= pool.total, 'settlement-total-falls');
      demand(content.total - pool.total <= pool.periodCap, 'settlement-period-cap');
      demand(content.claimLeafCount >= lastRoot(model).leafCount, 'settlement-total-falls');
      demand(content.spendLeafCount >= pool.spendLeafCount, 'settlement-total-falls');
      demand(content.spendLeafCount <= pool.escrowCount, 'settlement-index-range');
      demand(now <= expiresAt, 'settlement-attestation-expired');
      demand(expiresAt <= now + graceSecs, 'settlement-expiry-far');
      const bits = bitsOf(found, signers, wrong === 'message');
      const isWhole = countOf(bits) >= quorumOf(model, found);
      if (isLive(model)) {
        demand(isWhole && pool.pending.state !== PENDING.attested, 'settlement-root-pending');
      }
      const isTurn = ((bits >> turnOf(model.config, found, now)) & 1) === 1;
      demand(isWhole || isTurn, 'settlement-turn-of-another');
      const { claimRoot, spendRoot, dataHash, total, claimLeafCount, spendLeafCount } = content;
      const pending = {
        state: 0,
        signers: 0,
        setId,
        claimRoot,
        spendRoot,
        dataHash,
        total,
        claimLeafCount,
        spendLeafCount,
        challengeEnd: now + turnSecs(model.config) / 2n,
        expiresAt,
        digest,
      };
      addSigners(model, pending, { set: found, bits });
      pool.attempt = nextAttempt(pool, now);
      pool.pending = pending;
    },
  };
};

export const attest: Aim = (setting) => {
  const { world, model, draw } = setting;
  const { pool } = model;
  const wrong = draw.wrong(['message', 'stranger', 'twice', 'nobody', 'set'] as const);
  const setId = wrong === 'set' ? draw.below(model.config.setId + 2) : pool.pending.setId;
  const set = model.sets.get(setId);
  const signers = drawSigners(setting, set, { wrong, signed: pool.pending.signers });
  const digest = wrong === 'message' ? EMPTY_KEY : pool.pending.digest;
  const at = { config: world.config, pool: world.pool, set: setAt(world.config, setId).key };
  const attested = instructions.attest(at);
  return {
    made: signers.length === 0 ? [attested] : [world.signatures(digest, signers), attested],
    signers: [],
    rule() {
      const found = there(set);
      demand(model.config.paused === 0, 'settlement-paused');
      demand(pool.pending.state === PENDING.collecting, 'settlement-nothing-pending');
      demand(isLive(model), 'settlement-attestation-expired');
      demand(setId === pool.pending.setId, 'settlement-account-unrelated');
      demand(setId === activeSet(model), 'settlement-set-inactive');
      const bits = bitsOf(found, signers, wrong === 'message');
      addSigners(model, pool.pending, { set: found, bits });
    },
  };
};

export const veto: Aim = ({ world, model, draw }) => {
  const by = draw.pick([GUARDIAN, GUARDIAN, ADMIN, STRANGER]);
  const { config, pool } = world;
  return {
    made: [instructions.veto({ guardian: by.key, config, pool })],
    signers: [by],
    rule() {
      demand(by !== STRANGER, 'settlement-not-guardian');
      demand(model.pool.pending.state !== PENDING.none, 'settlement-nothing-pending');
      model.pool.extraQuorum = Math.min(16, model.pool.extraQuorum + 1);
      discard(model);
    },
  };
};

export const finalizeRoot: Aim = ({ world, model }) => ({
  made: [world.finalize()],
  signers: [],
  rule() {
    const { pool, now } = model;
    const { pending } = pool;
    demand(model.config.paused === 0, 'settlement-paused');
    demand(pending.state !== PENDING.none, 'settlement-nothing-pending');
    demand(pending.state === PENDING.attested, 'settlement-quorum-missing');
    demand(now >= pending.challengeEnd, 'settlement-window-open');
    demand(now <= pending.expiresAt, 'settlement-attestation-expired');
    const period = pool.period + 1n;
    const { total, claimRoot, dataHash, claimLeafCount: leafCount } = pending;
    pool.roots[Number(period % 8n)] = { period, total, claimRoot, dataHash, leafCount };
    pool.period = period;
    pool.total = total;
    pool.spendRoot = pending.spendRoot;
    pool.spendLeafCount = pending.spendLeafCount;
    pool.finalizedAt = now;
    pool.extraQuorum = 0;
    pending.state = PENDING.none;
    pending.signers = 0;
  },
});

export const lastRoot = ({ pool }: Model) => {
  const root = pool.roots[Number(pool.period % 8n)];
  if (root === undefined) throw new RangeError('a pool has eight roots');
  return root;
};

export function discard({ pool }: Model): void {
  pool.pending.state = PENDING.none;
  pool.pending.signers = 0;
  pool.attempt += 1n;
}

const activeSet = ({ config, now }: Model): number =>
  now >= config.setActiveAt ? config.setId : config.previousSetId;

export const placeOf = ({ world, model }: Setting) => ({
  clusterTag: model.config.clusterTag,
  program: PROGRAM_ID,
  pool: world.pool,
  setId: activeSet(model),
  period: model.pool.period + 1n,
  attempt: nextAttempt(model.pool, model.now),
  previous: lastRoot(model).claimRoot,
});

const quorumOf = ({ pool }: Model, set: VerifierSet): number =>
  Math.min(set.quorum + pool.extraQuorum, set.members);

const countOf = (bits: number): number => bits.toString(2).replaceAll('0', '').length;

/** Who of the set has signed; refuses what the program refuses in signatures. */
function bitsOf(set: VerifierSet, signers: readonly Signer[], isOther: boolean): number {
  demand(signers.length > 0, 'settlement-precompile-missing');
  demand(!isOther, 'settlement-message-wrong');
  let bits = 0;
  for (const { key } of signers) {
    const place = set.keys
      .slice(0, set.members)
      .findIndex((each) => bytesToHex(each) === bytesToHex(key));
    demand(place >= 0, 'settlement-signer-unknown');
    demand((bits & (1 << place)) === 0, 'settlement-signer-twice');
    bits |= 1 << place;
  }
  return bits;
}

/**
 * With the last signature that is needed the window opens, and it has to end before the root
 * expires.
 */
function addSigners(
  model: Model,
  pending: PendingRoot,
  { set, bits }: { set: VerifierSet; bits: number },
): void {
  demand((pending.signers & bits) === 0, 'settlement-signer-twice');
  const signers = pending.signers | bits;
  const isWhole = countOf(signers) >= quorumOf(model, set);
  const challengeEnd = model.now + model.config.challengeSecs;
  demand(!isWhole || challengeEnd <= pending.expiresAt, 'settlement-attestation-expired');
  pending.signers = signers;
  pending.state = isWhole ? PENDING.attested : PENDING.collecting;
  if (isWhole) pending.challengeEnd = challengeEnd;
}

/** As many members as are needed, mostly; none of those who have signed already, mostly. */
function drawSigners(
  { model, draw }: Setting,
  set: VerifierSet | undefined,
  { wrong, signed = 0, turn }: { wrong: string | undefined; signed?: number; turn?: number },
): Signer[] {
  if (wrong === 'nobody') return [];
  const passed = draw.once(8) ? 0 : signed;
  const members = VERIFIERS.filter(({ key }) => {
    const place = set?.keys.findIndex((each) => isSameKey(each, key)) ?? -1;
    return place >= 0 && (passed & (1 << place)) === 0;
  });
  const needed = set === undefined ? 1 : quorumOf(model, set);
  const count = draw.once(3) ? 1 + draw.below(needed) : needed;
  const other = draw.below(Math.max(1, members.length));
  const isTurn = turn !== undefined && !draw.once(4);
  const from = isTurn ? members.findIndex(({ key }) => isPlace(set, key, turn)) : other;
  const signers = [...members.slice(from), ...members.slice(0, from)].slice(0, count);
  const [first] = signers;
  if (wrong === 'stranger' || first === undefined) signers.push(STRANGER);
  if (wrong === 'twice' && first !== undefined) signers.push(first);
  return signers;
}

const isPlace = (set: VerifierSet | undefined, key: Key, place: number): boolean =>
  set !== undefined && isSameKey(set.keys[place] ?? EMPTY_KEY, key);

/** What the next period comes to: what verifiers who are honest would say, mostly. */
function drawPeriod(setting: Setting): Period {
  const { world, model, trees, draw, cheats } = setting;
  const last = lastRoot(model);
  const claimTree = { root: last.claimRoot, leafCount: last.leafCount };
  const { spendRoot: root, spendLeafCount } = model.pool;
  const before = Array.from({ length: last.leafCount }, (_, index) =>
    trees.leaf('claim/v1', claimTree, index),
  );
  const claims: LeafOf[] = before.map((leaf) => leaf && { ...leaf });
  const spends: LeafOf[] = Array.from({ length: model.pool.escrowCount }, (_, index) => {
    const leaf = trees.leaf('spend/v1', { root, leafCount: spendLeafCount }, index);
    return leaf && { ...leaf };
  });
  for (const [hex, escrow] of model.escrows) {
    const spent = spends[escrow.index]?.cumulative ?? 0n;
    const left = escrow.deposited - escrow.refunded - spent;
    const most = cheats && draw.once(12) ? left + SOL : left;
    const more = draw.upTo(most);
    if (more <= 0n) continue;
    spends[escrow.index] = { recipient: Buffer.from(hex, 'hex'), cumulative: spent + more };
    share(setting, claims, more);
  }
  if (cheats && draw.once(6)) cheat(setting, claims);
  if (cheats && draw.once(8)) cheat(setting, spends);
  while (claims.length < draw.below(4)) claims.push(undefined);
  return world.period(claims, spends);
}

/** Gives an amount to contributors, of whom some are new. */
function share({ draw }: Setting, claims: LeafOf[], amount: bigint): void {
  const index = draw.below(Math.min(9, claims.length + 2));
  const recipient = claims[index]?.recipient ?? draw.pick(WORKERS).key;
  const cumulative = (claims[index]?.cumulative ?? 0n) + amount;
  while (claims.length < index) claims.push(undefined);
  claims[index] = { recipient, cumulative };
}

/** Moves what one leaf says to another leaf, or to another name. */
function cheat({ draw }: Setting, leaves: LeafOf[]): void {
  const held = leaves.filter((leaf) => leaf !== undefined);
  if (held.length === 0) return;
  const [from, to] = [draw.pick(held), draw.pick(held)];
  if (from === to) {
    from.recipient = draw.pick([...WORKERS, STRANGER]).key;
    return;
  }
  const moved = draw.upTo(from.cumulative);
  from.cumulative -= moved;
  to.cumulative += moved;
}

function spoilContent(content: Content, { pool }: Model, wrong: string | undefined): Content {
  switch (wrong) {
    case 'total':
      return { ...content, total: pool.total === 0n ? U64_MAX : pool.total - 1n };
    case 'cap':
      return { ...content, total: pool.total + EPOCH_CAP + 1n };
    case 'claims count':
      return { ...content, claimLeafCount: 0 };
    case 'spends count':
      return { ...content, spendLeafCount: 0 };
    case 'spends beyond escrows':
      return { ...content, spendLeafCount: pool.escrowCount + 1 };
    default:
      return content;
  }
}

/** Another content of the same period, for a verifier who signs two. */
export const otherContent = (content: Key): Key => sha256(concatBytes(content, content));
