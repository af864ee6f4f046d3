import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { Millis } from '#protocol/values/units.ts';

/** What a pool on the chain says to a verifier. Times are seconds of the chain. */
export interface PoolView {
  /** The last final period; 0 before the first. */
  period: number;
  /** That a proposal made now counts under. */
  attempt: number;
  total: bigint;
  finalizedAt: number;
  /** Of the last final period. */
  dataHash: Digest | undefined;
  pending: PendingView | undefined;
  /** Keys of the active set, in its order. */
  verifiers: readonly PublicKey[];
  /** Who of them may propose now. */
  turn: number;
}

export interface PendingView {
  state: 'collecting' | 'attested';
  dataHash: Digest;
  signers: readonly PublicKey[];
  challengeEnd: number;
  /** Its last moment. */
  until: number;
}

/** What this verifier has signed: a second content for one attempt would cost its bond. */
export interface SignedRoot {
  period: number;
  attempt: number;
  dataHash: Digest;
}

/** What a verifier does next for a settlement. */
export type SettlementStep =
  /** The last final period's escrows are brought in, where that is not done yet. */
  | { type: 'pull'; dataHash: Digest }
  /** Compute the next period; `again`: exactly the one that was signed before. */
  | { type: 'propose'; again?: Digest }
  /** Somebody proposed: recompute it, and sign if it is the same. */
  | { type: 'attest'; dataHash: Digest }
  /** Recompute what a quorum has signed: a difference is said aloud. */
  | { type: 'review'; dataHash: Digest }
  | { type: 'finalize' }
  | { type: 'wait'; reason: string };

export interface SettlementState {
  pool: PoolView;
  self: PublicKey;
  signed: SignedRoot | undefined;
  /** The last period whose escrows are all pulled. */
  pulled: number;
  /** The pending root that was recomputed last, and how that ended. */
  reviewed: { dataHash: Digest; agrees: boolean } | undefined;
  /** Seconds of the chain. */
  now: number;
  everyMs: Millis;
}

/**
 * What a verifier does next for its pool, by what the chain says and what it has on disk: the same
 * after a crash at any point as without one.
 */
export function nextStep(state: SettlementState): SettlementStep {
  const { pool, pulled } = state;
  if (pool.pending !== undefined && state.now <= pool.pending.until) {
    return stepPending(state, pool.pending);
  }
  if (pool.dataHash !== undefined && pulled < pool.period) {
    return { type: 'pull', dataHash: pool.dataHash };
  }
  return stepDue(state);
}

function stepPending(
  { self, reviewed, now, pool, signed }: SettlementState,
  pending: PendingView,
): SettlementStep {
  const { dataHash, state, signers, challengeEnd } = pending;
  const isReviewed = reviewed?.dataHash === dataHash;
  if (isReviewed && !reviewed.agrees) {
    return { type: 'wait', reason: `it does not agree with the root of ${dataHash}` };
  }
  if (state === 'collecting' && !signers.includes(self)) {
    if (!pool.verifiers.includes(self)) return { type: 'wait', reason: 'it is not in the set' };
    const other = signedElse(pool, signed, dataHash);
    return other ?? { type: 'attest', dataHash };
  }
  if (state === 'collecting') return { type: 'wait', reason: 'other verifiers have to sign' };
  if (!isReviewed && !signers.includes(self)) return { type: 'review', dataHash };
  if (now < challengeEnd) return { type: 'wait', reason: 'the challenge window is open' };
  return { type: 'finalize' };
}

/** A verifier that has signed another content for this attempt waits until the attempt is over. */
function signedElse(
  pool: PoolView,
  signed: SignedRoot | undefined,
  dataHash: Digest,
): SettlementStep | undefined {
  const isSame = signed?.period === pool.period + 1 && signed.attempt === pool.attempt;
  if (!isSame || signed.dataHash === dataHash) return undefined;
  return { type: 'wait', reason: `it has signed ${signed.dataHash} for this attempt` };
}

function stepDue({ pool, self, signed, now, everyMs }: SettlementState): SettlementStep {
  const place = pool.verifiers.indexOf(self);
  if (place < 0) return { type: 'wait', reason: 'it is not in the set' };
  const due = pool.finalizedAt + everyMs / 1000;
  if (now < due) return { type: 'wait', reason: 'the next period is not due' };
  if (pool.turn !== place) return { type: 'wait', reason: 'another verifier has the turn' };
  const again = signed?.period === pool.period + 1 && signed.attempt === pool.attempt;
  return { type: 'propose', ...(again ? { again: signed.dataHash } : {}) };
}
