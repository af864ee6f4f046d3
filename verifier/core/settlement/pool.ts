import { bytesToHex } from '#protocol/bytes/digest.ts';
import {
  type Config,
  nextAttempt,
  PENDING,
  type Pool,
  pendingUntil,
  ROOTS,
  turnOf,
  type VerifierSet,
} from '#protocol/settlement/accounts.ts';
import type { Place } from '#protocol/settlement/attestation.ts';
import type { Key } from '#protocol/settlement/layout.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { PendingView, PoolView } from './settlement.ts';

/** The accounts a verifier settles by, as they were read together. */
export interface PoolAccounts {
  program: Key;
  poolKey: Key;
  config: Config;
  pool: Pool;
  /** The set that serves now. */
  set: VerifierSet;
}

/** The set that serves at `now`: the newest, or the one before while the newest waits. */
export const activeSetId = ({ setActiveAt, setId, previousSetId }: Config, now: number): number =>
  BigInt(Math.floor(now)) >= setActiveAt ? setId : previousSetId;

const finalRoot = (pool: Pool) => {
  const root = pool.roots[Number(pool.period % BigInt(ROOTS))];
  return pool.period > 0n ? root : undefined;
};

/** `now`: seconds of the chain. */
export function viewPool({ config, pool, set }: PoolAccounts, now: number): PoolView {
  const last = finalRoot(pool);
  return {
    period: Number(pool.period),
    attempt: attemptAt(pool, now),
    total: pool.total,
    finalizedAt: Number(pool.finalizedAt),
    dataHash: last && digestOf(last.dataHash),
    pending: pool.pending.state === PENDING.none ? undefined : viewPending(pool, set),
    verifiers: membersOf(set),
    turn: turnOf(config, set, BigInt(Math.floor(now))),
  };
}

function viewPending({ pending }: Pool, set: VerifierSet): PendingView {
  return {
    state: pending.state === PENDING.attested ? 'attested' : 'collecting',
    dataHash: digestOf(pending.dataHash),
    // Signers are counted in the set they signed as; under a new one nobody has signed.
    signers:
      pending.setId === set.setId
        ? membersOf(set).filter((_, place) => ((pending.signers >> place) & 1) === 1)
        : [],
    challengeEnd: Number(pending.challengeEnd),
    until: Number(pendingUntil(pending)),
  };
}

/** Where and for which period an attestation of the next root counts. */
export const placeOf = (
  { program, poolKey, config, pool, set }: PoolAccounts,
  now: number,
): Place => ({
  clusterTag: config.clusterTag,
  program,
  pool: poolKey,
  setId: set.setId,
  period: pool.period + 1n,
  attempt: BigInt(attemptAt(pool, now)),
  previous: finalRoot(pool)?.claimRoot ?? EMPTY_KEY,
});

export const attemptAt = (pool: Pool, now: number): number =>
  Number(nextAttempt(pool, BigInt(Math.floor(now))));

const digestOf = (hash: Uint8Array): Digest => bytesToHex(hash) as Digest;
const membersOf = ({ keys, members }: VerifierSet): PublicKey[] =>
  keys.slice(0, members).map((key) => bytesToHex(key) as PublicKey);
