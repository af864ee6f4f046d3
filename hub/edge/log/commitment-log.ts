import { type BoundedMap, openBoundedMap } from '#node/bounded-map.ts';
import { consistencyPath, inclusionPath, type LeafRange } from '#protocol/bytes/merkle-log.ts';
import type {
  LogConsistency,
  LoggedCommitment,
  LogInclusion,
} from '#protocol/records/public-log.ts';
import type { SignedTreeHead, TreeHead } from '#protocol/records/records.ts';
import type { Signature } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import {
  growTree,
  hashPage,
  hashPath,
  type LogPage,
  type LogTree,
  openLogTree,
  PAGE_ENTRIES,
  pageOf,
  pageOfIndex,
  pagesWanted,
  treeRoot,
  treeSize,
} from '../../core/log/tree.ts';
import type { CommittedShard, Fact } from '../../core/state/facts.ts';
import type { Store } from '../store/port.ts';

/** Pages kept from one proof for the next: about 200 kB each. */
const PAGES_KEPT_MAX = 16;

/**
 * The public log of commitments. An entry costs about 10 µs of CPU as it is added. A proof reads at
 * most two pages of 1,024 entries from the store, about 20 ms of CPU each; near the end it needs
 * none.
 */
export interface CommitmentLog {
  readonly tree: LogTree;
  /** Takes note of facts that are on disk, in the order in which they got there. */
  add(facts: readonly Fact[]): void;
  /** The tree of everything on disk, signed now. It only grows. */
  head(): SignedTreeHead;
  /** Where the entry of this index stands in the tree of `size` entries. */
  inclusion(index: number, size: number): Promise<Result<LogInclusion>>;
  consistency(from: number, to: number): Promise<Result<LogConsistency>>;
  /** Entries from a position on. */
  entries(from: number, limit: number): Promise<LoggedCommitment[]>;
}

interface Parts {
  store: Pick<Store, 'commitments'>;
  sign(context: 'tree-head', head: TreeHead): Signature;
  now(): number;
}

interface Log extends Parts {
  tree: LogTree;
  /** Whole pages read lately, the latest last. */
  pages: BoundedMap<number, LogPage>;
}

/**
 * Adds what is on disk to a tree of the entries before, page by page: about 17 s of CPU for a
 * million entries.
 */
export async function openCommitmentLog(
  parts: Parts,
  tree = openLogTree(),
): Promise<CommitmentLog> {
  const log: Log = { ...parts, tree, pages: openBoundedMap(PAGES_KEPT_MAX) };
  for (let size = -1; size < treeSize(tree); ) {
    size = treeSize(tree);
    const page = await parts.store.commitments(tree.nextIndex, PAGE_ENTRIES);
    for (const { entry } of page) growTree(tree, entry);
  }
  return {
    tree,
    add(facts) {
      for (const fact of facts) {
        if (fact.type === 'committed') growTree(log.tree, fact.commitment.entry);
      }
    },
    head: () => signHead(log),
    inclusion: (index, size) => proveInclusion(log, index, size),
    consistency: (from, to) => proveConsistency(log, from, to),
    entries: (from, limit) => readEntries(log, from, limit),
  };
}

function signHead({ tree, sign, now }: Log): SignedTreeHead {
  const head: TreeHead = { size: treeSize(tree), root: treeRoot(tree), at: instant(now()) };
  return { head, signature: sign('tree-head', head) };
}

async function proveInclusion(
  log: Log,
  index: number,
  size: number,
): Promise<Result<LogInclusion>> {
  if (size > treeSize(log.tree)) return tooLarge(log, size);
  const number = pageOfIndex(log.tree, index);
  const place = number < 0 ? -1 : (await readPage(log, number)).indexes.indexOf(index);
  const position = number * PAGE_ENTRIES + place;
  if (place < 0 || position >= size) {
    const message = `no entry has index ${index} among the first ${size}; GET /v1/log/head says how many there are`;
    return refuse('not-found', message, 'index');
  }
  return accept({ position, size, path: await readPath(log, inclusionPath(position, size)) });
}

async function proveConsistency(
  log: Log,
  from: number,
  to: number,
): Promise<Result<LogConsistency>> {
  if (to > treeSize(log.tree)) return tooLarge(log, to);
  if (from > to) return refuse('range-invalid', '`from` must be at most `to`', 'from');
  return accept({ from, to, path: await readPath(log, consistencyPath(from, to)) });
}

const tooLarge = ({ tree }: Log, size: number): Result<never> =>
  refuse('range-invalid', `the log has ${treeSize(tree)} entries, not ${size}; ask for fewer`);

/** The log may grow while pages are read, and a last page become a whole one: it is asked again. */
async function readPath(log: Log, path: readonly LeafRange[]) {
  const held = new Map<number, LogPage>();
  for (;;) {
    const wanted = pagesWanted(log.tree, path).filter((page) => !held.has(page));
    if (wanted.length === 0) return hashPath(log.tree, path, held);
    for (const page of wanted) held.set(page, await readPage(log, page));
  }
}

async function readPage(log: Log, number: number): Promise<LogPage> {
  const { pages, tree, store } = log;
  if (number === pageOf(treeSize(tree))) return tree.tail;
  const first = tree.firstIndexes[number] ?? 0;
  const page =
    pages.get(number) ??
    hashPage((await store.commitments(first, PAGE_ENTRIES)).map(({ entry }) => entry));
  pages.delete(number);
  pages.set(number, page);
  return page;
}

async function readEntries(
  { tree, store }: Log,
  from: number,
  limit: number,
): Promise<LoggedCommitment[]> {
  const count = Math.min(limit, treeSize(tree) - from);
  if (count <= 0) return [];
  const skip = from % PAGE_ENTRIES;
  const first = tree.firstIndexes[pageOf(from)] ?? 0;
  const found = await store.commitments(first, skip + count);
  return found.slice(skip, skip + count).map(tellCommitment);
}

const tellCommitment = ({
  entry,
  logSignature,
  shard,
  signature,
}: CommittedShard): LoggedCommitment => ({
  entry,
  logSignature,
  commitment: { lease: shard.lease, device: shard.device, commitment: entry.commitment },
  signature,
});
