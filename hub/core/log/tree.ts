import { bytesToHex } from '#protocol/bytes/digest.ts';
import {
  appendLeaf,
  type Frontier,
  foldRoots,
  frontierRoot,
  type LeafRange,
  openFrontier,
  splitRange,
} from '#protocol/bytes/merkle-log.ts';
import { hashEntry } from '#protocol/records/public-log.ts';
import type { LogEntry } from '#protocol/records/records.ts';
import type { Digest } from '#protocol/values/ids.ts';

const PAGE_LEVEL = 10;
/** Entries of one page of the log, which is read at once when a proof passes through it. */
export const PAGE_ENTRIES = 2 ** PAGE_LEVEL;

/** Some entries in a row: their indexes, and their complete subtrees by level. */
export interface LogPage {
  indexes: number[];
  levels: Uint8Array[][];
}

/**
 * The Merkle tree over logged commitments. In memory stand the last page and what lies above whole
 * pages: about 200 bytes for each 1,024 entries. Hashes within older pages are made again from the
 * entries on disk.
 */
export interface LogTree {
  frontier: Frontier;
  /** The index behind the newest entry. */
  nextIndex: number;
  /** The index of each page's first entry. Indexes rise, and skip what did not reach the disk. */
  firstIndexes: number[];
  /** The page that is not full yet. */
  tail: LogPage;
  /** Complete subtrees of whole pages, by level above `PAGE_LEVEL`. */
  upper: Uint8Array[][];
}

/** Hashes of pages that were read for a proof. */
export type ReadPages = ReadonlyMap<number, LogPage>;

/** The tree of an empty log. */
export const openLogTree = (): LogTree => ({
  frontier: openFrontier(),
  nextIndex: 0,
  firstIndexes: [],
  tail: openPage(),
  upper: [],
});

const openPage = (): LogPage => ({ indexes: [], levels: [] });

/** Appends an entry that is on disk. */
export function growTree(tree: LogTree, entry: LogEntry): void {
  if (tree.frontier.size % PAGE_ENTRIES === 0) tree.firstIndexes.push(entry.index);
  tree.tail.indexes.push(entry.index);
  tree.nextIndex = entry.index + 1;
  appendLeaf(tree.frontier, hashEntry(entry), (level, hash) => {
    if (level < PAGE_LEVEL) keep(tree.tail.levels, level, hash);
    else {
      keep(tree.upper, level - PAGE_LEVEL, hash);
      tree.tail = openPage();
    }
  });
}

function keep(levels: Uint8Array[][], level: number, hash: Uint8Array): void {
  const known = levels[level];
  if (known === undefined) levels[level] = [hash];
  else known.push(hash);
}

/** A page made again from its entries. */
export function hashPage(entries: readonly LogEntry[]): LogPage {
  const page = openPage();
  const frontier = openFrontier();
  for (const entry of entries) {
    page.indexes.push(entry.index);
    appendLeaf(frontier, hashEntry(entry), (level, hash) => keep(page.levels, level, hash));
  }
  return page;
}

/** How many entries the log has. */
export const treeSize = ({ frontier }: LogTree): number => frontier.size;
/** Root over all entries (RFC 6962). */
export const treeRoot = ({ frontier }: LogTree): Digest => hex(frontierRoot(frontier));

/** Which page of kept hashes an entry lies on. */
export const pageOf = (position: number): number => Math.floor(position / PAGE_ENTRIES);

/** The page that holds the entry of this index, if any does. */
export function pageOfIndex({ firstIndexes }: LogTree, index: number): number {
  let [low, high] = [0, firstIndexes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((firstIndexes[middle] ?? 0) <= index) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whole pages that must be read before these nodes can be hashed; the last page is in memory. */
export function pagesWanted(tree: LogTree, path: readonly LeafRange[]): number[] {
  const last = pageOf(treeSize(tree));
  const wanted = path.flatMap((range) =>
    splitRange(range)
      .filter(({ level }) => level < PAGE_LEVEL)
      .map(({ level, index }) => pageOf(index * 2 ** level)),
  );
  return [...new Set(wanted)].filter((page) => page !== last);
}

/** The hashes of these nodes, from memory and the pages that were read. */
export const hashPath = (tree: LogTree, path: readonly LeafRange[], pages: ReadPages): Digest[] =>
  path.map((range) =>
    hex(foldRoots(splitRange(range).map((subtree) => hashSubtree(tree, subtree, pages)))),
  );

function hashSubtree(
  tree: LogTree,
  { level, index }: { level: number; index: number },
  pages: ReadPages,
): Uint8Array {
  const number = pageOf(index * 2 ** level);
  const page = number === pageOf(treeSize(tree)) ? tree.tail : pages.get(number);
  const hash =
    level < PAGE_LEVEL
      ? page?.levels[level]?.[index - (number * PAGE_ENTRIES) / 2 ** level]
      : tree.upper[level - PAGE_LEVEL]?.[index];
  if (hash === undefined) throw new RangeError(`the log has no subtree ${index} at level ${level}`);
  return hash;
}

const hex = (hash: Uint8Array): Digest => bytesToHex(hash) as Digest;
