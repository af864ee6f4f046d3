import { concatBytes, sha256 } from './digest.ts';

/**
 * The Merkle tree of an append-only log (RFC 6962 §2.1, with SHA-256): leaves are hashed behind a
 * byte 0, inner nodes behind a byte 1, and a tree of n leaves splits at the largest power of two
 * below n. Hashes are 32 bytes; sizes and positions count leaves.
 */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
/** The root of a log without entries: SHA-256 of nothing. */
export const EMPTY_ROOT = sha256(new Uint8Array());
/** A path has one hash for each level at most, and sizes are safe integers. */
export const PATH_HASHES_MAX = 54;

/** Hash of an entry (RFC 6962, section 2.1). */
export const hashLeaf = (data: Uint8Array): Uint8Array => sha256(concatBytes(LEAF, data));
/** Hash of the node over two others (RFC 6962, section 2.1). */
export const hashNode = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(NODE, left, right));

/** Roots of the complete subtrees of a log, largest first: all that appending needs. */
export interface Frontier {
  size: number;
  roots: Uint8Array[];
}

/** The frontier of an empty log. */
export const openFrontier = (): Frontier => ({ size: 0, roots: [] });

/**
 * Appends one leaf hash in O(log n). `completed` hears of each complete subtree that now is: the
 * leaf itself at level 0, then what it completes, upwards.
 */
export function appendLeaf(
  frontier: Frontier,
  leaf: Uint8Array,
  completed?: (level: number, hash: Uint8Array) => void,
): void {
  let hash = leaf;
  let level = 0;
  completed?.(level, hash);
  for (let count = frontier.size; count % 2 === 1; count = Math.floor(count / 2)) {
    hash = hashNode(frontier.roots.pop() ?? EMPTY_ROOT, hash);
    level += 1;
    completed?.(level, hash);
  }
  frontier.roots.push(hash);
  frontier.size += 1;
}

/** Root over all entries. */
export const frontierRoot = ({ roots }: Frontier): Uint8Array => foldRoots(roots);

/** The root over neighbouring complete subtrees, largest first. */
export function foldRoots(roots: readonly Uint8Array[]): Uint8Array {
  return roots.length === 0
    ? EMPTY_ROOT
    : roots.reduceRight((right, left) => hashNode(left, right));
}

/** Leaves [from, to) that make up one node of some tree. */
export interface LeafRange {
  from: number;
  to: number;
}

/** A complete subtree: the `index`-th run of 2^`level` leaves. */
export interface Subtree {
  level: number;
  index: number;
}

/** The complete subtrees of a node's leaves, largest first; `foldRoots` of theirs is its hash. */
export function splitRange({ from, to }: LeafRange): Subtree[] {
  const found: Subtree[] = [];
  for (let at = from; at < to; ) {
    let [level, leaves] = [0, 1];
    while (leaves * 2 <= to - at) [level, leaves] = [level + 1, leaves * 2];
    found.push({ level, index: at / leaves });
    at += leaves;
  }
  return found;
}

/** The largest power of two below n, for n > 1. */
function splitPoint(n: number): number {
  let half = 1;
  while (half * 2 < n) half *= 2;
  return half;
}

/** Nodes whose hashes prove the leaf at `position` in a tree of `size` leaves (RFC 6962 §2.1.1). */
export function inclusionPath(position: number, size: number): LeafRange[] {
  const path: LeafRange[] = [];
  let { from, to }: LeafRange = { from: 0, to: size };
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (position < middle) {
      path.unshift({ from: middle, to });
      to = middle;
    } else {
      path.unshift({ from, to: middle });
      from = middle;
    }
  }
  return path;
}

/** Nodes that prove that the first `from` leaves of `size` are unchanged (RFC 6962 §2.1.2). */
export function consistencyPath(from: number, size: number): LeafRange[] {
  if (from === 0 || from === size) return [];
  const path: LeafRange[] = [];
  let node: LeafRange = { from: 0, to: size };
  while (node.to > from) {
    const middle = node.from + splitPoint(node.to - node.from);
    const [left, right] = [
      { from: node.from, to: middle },
      { from: middle, to: node.to },
    ];
    path.unshift(from <= middle ? right : left);
    node = from <= middle ? left : right;
  }
  // The old tree's own root is known to whoever asks, when it is a node of the new tree.
  if (node.from > 0) path.unshift(node);
  return path;
}

/** The root a leaf hash and its path lead to; undefined for a path of another length. */
export function inclusionRoot(
  leaf: Uint8Array,
  place: { position: number; size: number },
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  const { position, size } = place;
  if (!(position >= 0 && position < size)) return undefined;
  const nodes = inclusionPath(position, size);
  if (path.length !== nodes.length) return undefined;
  return path.reduce(
    (hash, other, at) =>
      (nodes[at]?.from ?? 0) > position ? hashNode(hash, other) : hashNode(other, hash),
    leaf,
  );
}
