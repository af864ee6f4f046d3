import { bytesToHex, sha256 } from '#protocol/bytes/digest.ts';
import { type FinalRoot, type Pool, ROOTS } from '#protocol/settlement/accounts.ts';
import type { Content } from '#protocol/settlement/attestation.ts';
import type { Key } from '#protocol/settlement/layout.ts';
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
import { accept, type Result } from '#protocol/values/refusal.ts';

const SHOWN = 20;

type Leaf = ReturnType<typeof leafAt>;

/** A leaf that the facts say otherwise than the file. */
export interface LeafDifference {
  table: 'claims' | 'spends';
  index: number;
  inFile: Leaf;
  byFacts: Leaf;
}

/** What came of computing a period again from the public facts. */
export interface Recomputed {
  content: Content;
  /** Leaves of the file that the facts say otherwise: the first of them, and how many. */
  differences: { count: number; first: LeafDifference[] };
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
    ...findDifferences('claims', claims, made.claims),
    ...findDifferences('spends', spends, made.spends),
  ];
  const differences = { count: found.length, first: found.slice(0, SHOWN) };
  return accept({ content: content.value, differences });
}

const findDifferences = (
  table: LeafDifference['table'],
  file: LeafTable,
  made: LeafTable,
): LeafDifference[] =>
  Array.from(compareTables(file, made), ({ index, one, other }) => ({
    table,
    index,
    inFile: one,
    byFacts: other,
  }));

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
