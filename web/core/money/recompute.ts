import { t } from '@lingui/core/macro';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { bytesToHex, sha256 } from '#protocol/bytes/digest.ts';
import { type FinalRoot, type Pool, ROOTS } from '#protocol/settlement/accounts.ts';
import type { Content } from '#protocol/settlement/attestation.ts';
import { isSameKey, type Key } from '#protocol/settlement/layout.ts';
import {
  buildTrees,
  compareTables,
  contentOf,
  decodeLeafFile,
  encodeLeafFile,
  type LeafTable,
  type leafAt,
} from '#protocol/settlement/leaf-file.ts';
import type { LeafFileView } from '#protocol/settlement/money-api.ts';
import { type MoneyFacts, makeLeafFile } from '#protocol/settlement/period-leaves.ts';
import type { Hash } from '#protocol/settlement/tree.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { formatSol } from '../format.ts';

const SHOWN = 20;

/** What came of computing a period again from the public facts. */
export interface Recomputed {
  content: Content;
  /** Leaves of the file that the facts say otherwise: the first in words, and how many. */
  differences: { count: number; first: string[] };
}

/** Makes both trees of a period from the facts, and compares each leaf with the file's. */
export function recompute(
  file: Uint8Array,
  { facts, pool }: { facts: MoneyFacts; pool: Key },
  hash: Hash = sha256,
): Result<Recomputed> {
  const decoded = decodeLeafFile(file);
  if (!decoded.ok) return decoded;
  const { period, through, claims, spends } = decoded.value;
  const least = { claims: claims.cumulative.length, spends: spends.cumulative.length };
  const made = makeLeafFile(facts, { period, through, least });
  const content = contentOf(encodeLeafFile(made), buildTrees(made, pool, hash));
  if (!content.ok) return content;
  const found = [
    ...tellDifferences(claims, made.claims).map((words) => t`Claim ${words}`),
    ...tellDifferences(spends, made.spends).map((words) => t`Escrow ${words}`),
  ];
  const differences = { count: found.length, first: found.slice(0, SHOWN) };
  return accept({ content: content.value, differences });
}

const tellDifferences = (file: LeafTable, made: LeafTable): string[] =>
  Array.from(
    compareTables(file, made),
    ({ index, one, other }) =>
      t`${index}: the file says ${tellLeaf(one)}, the facts ${tellLeaf(other)}.`,
  );

const tellLeaf = ({ recipient, cumulative }: ReturnType<typeof leafAt>): string =>
  recipient.every((byte) => byte === 0)
    ? t`nothing`
    : t`${formatSol(cumulative)} for ${encodeBase58(recipient)}`;

/** What the chain holds of a period, and what can be said of it. */
export type ChainStanding =
  /** `spendRoot` only of the newest one: the chain keeps one. */
  | { state: 'final'; root: FinalRoot; spendRoot?: Key }
  | { state: 'pending'; challengeEnd: bigint }
  /** Pushed out of the chain's ring by newer roots, which cover it. */
  | { state: 'older' }
  /** Left by a verifier, and not on the chain. */
  | { state: 'absent' };

/** A file of leaves that a verifier left, and what the chain says of it. */
export interface SettlementRow {
  file: LeafFileView;
  standing: ChainStanding;
}

/** All that is settled, and how far it has moved. */
export interface Settlements {
  rows: SettlementRow[];
  total: bigint;
  pulled: bigint;
  claimed: bigint;
}

/** What came of recomputing; `faults` are what chain or file say otherwise than the facts. */
export interface RecomputeDone {
  recomputed: Recomputed;
  faults: string[];
}

/** Finds the root of a leaf file on the chain. */
export function findStanding(
  pool: Pool,
  { period, dataHash }: { period: number; dataHash: string },
): ChainStanding {
  const number = BigInt(period);
  const root = pool.roots.find((each) => each.period === number && number > 0n);
  if (root !== undefined) {
    if (bytesToHex(root.dataHash) !== dataHash) return { state: 'absent' };
    return number === pool.period
      ? { state: 'final', root, spendRoot: pool.spendRoot }
      : { state: 'final', root };
  }
  const isPending = pool.pending.state !== 0 && bytesToHex(pool.pending.dataHash) === dataHash;
  if (isPending) return { state: 'pending', challengeEnd: pool.pending.challengeEnd };
  return number + BigInt(ROOTS) <= pool.period ? { state: 'older' } : { state: 'absent' };
}

/** In words: what of a recomputed period the chain says otherwise. Empty where all is the same. */
export function compareRoots(
  { content }: Recomputed,
  { root, spendRoot }: Extract<ChainStanding, { state: 'final' }>,
): string[] {
  const faults: string[] = [];
  const compare = (tell: (mine: string, theirs: string) => string, computed: Key, onChain: Key) => {
    if (!isSameKey(computed, onChain)) faults.push(tell(beginOf(computed), beginOf(onChain)));
  };
  compare(
    (mine, theirs) => t`The claims root computed here is ${mine}, the chain has ${theirs}.`,
    content.claimRoot,
    root.claimRoot,
  );
  compare(
    (mine, theirs) =>
      t`The digest of the leaves computed here is ${mine}, the chain has ${theirs}.`,
    content.dataHash,
    root.dataHash,
  );
  if (spendRoot !== undefined) {
    compare(
      (mine, theirs) => t`The spends root computed here is ${mine}, the chain has ${theirs}.`,
      content.spendRoot,
      spendRoot,
    );
  }
  if (content.total !== root.total) {
    faults.push(
      t`The total computed here is ${formatSol(content.total)}, the chain has ${formatSol(root.total)}.`,
    );
  }
  return faults;
}

const beginOf = (key: Key): string => `${bytesToHex(key).slice(0, 16)}…`;

/** A pool that keeps no root of this period any more proves nothing of it. */
export const standingRefusal = (standing: ChainStanding): Result<never> =>
  standing.state === 'older'
    ? refuse(
        'settlement-root-unknown',
        t`The chain keeps the newest ${ROOTS} roots, and this one is older: recompute a newer one, which covers it.`,
      )
    : refuse(
        'settlement-root-unknown',
        t`The chain has no final root with these leaves: there is nothing to compare with yet.`,
      );
