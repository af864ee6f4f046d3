import { sha256, utf8ToBytes } from '../bytes/digest.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { isSameKey, KEY_BYTES, type Key, U64_MAX } from './layout.ts';

/**
 * Merkle-sum trees, as `programs/settlement/src/tree.rs` draws and checks them: every node has the
 * sum of what is below it, and a root is worth nothing without its total.
 */
export type TreeTag = 'claim/v1' | 'spend/v1';

/** SHA-256; edges that hash much give their platform's. */
export type Hash = (data: Uint8Array) => Uint8Array;

/** Leaves in the order of their index. One without recipient and amount is empty. */
export interface Leaves {
  tag: TreeTag;
  pool: Key;
  /** 32 bytes a leaf, end to end. */
  recipients: Uint8Array;
  cumulative: BigUint64Array;
}

export interface Leaf {
  tag: TreeTag;
  pool: Key;
  index: number;
  recipient: Key;
  cumulative: bigint;
}

/** One level, leaves first: a step for each node, and zeros where one has no neighbour. */
type Level = Uint8Array;

/** What a root commits to. */
export interface Root {
  root: Key;
  total: bigint;
  leafCount: number;
}

/** A Merkle-sum tree with its levels. */
export interface Tree extends Root {
  levels: Level[];
}

/** The recipient of a leaf that nobody has. */
export const EMPTY_KEY: Key = new Uint8Array(KEY_BYTES);
/** A sibling in a proof: hash and sum. */
export const STEP_BYTES = 40;
const LEAF_BYTES = 93;
const PAIR_BYTES = 2 * STEP_BYTES;
const NODE_BYTES = 1 + PAIR_BYTES;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** How many siblings lead from a leaf to the root. */
export const depthOf = (leafCount: number): number =>
  leafCount <= 1 ? 0 : 32 - Math.clz32(leafCount - 1);

/** u8 0 | tag 16 | pool 32 | index u32 | recipient 32 | cumulative u64 */
function openLeaf(tag: TreeTag, pool: Key) {
  const bytes = new Uint8Array(LEAF_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(utf8ToBytes(tag), 1);
  bytes.set(pool, 17);
  return (index: number, recipient: Uint8Array, cumulative: bigint): Uint8Array => {
    view.setUint32(49, index, true);
    bytes.set(recipient, 53);
    view.setBigUint64(85, cumulative, true);
    return bytes;
  };
}

const isEmpty = (recipient: Uint8Array, cumulative: bigint): boolean =>
  cumulative === 0n && recipient.every((byte) => byte === 0);

/** Hash of a leaf: domain, index, recipient, lamports. */
export function hashLeaf(
  { tag, pool, index, recipient, cumulative }: Leaf,
  hash: Hash = sha256,
): Key {
  if (isEmpty(recipient, cumulative)) return EMPTY_KEY;
  return hash(openLeaf(tag, pool)(index, recipient, cumulative));
}

/** u8 1 | left hash 32 | left sum u64 | right hash 32 | right sum u64 */
export function hashNode(left: Uint8Array, right: Uint8Array, hash: Hash = sha256): Key {
  const bytes = new Uint8Array(NODE_BYTES);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + STEP_BYTES);
  return hash(bytes);
}

/** Builds a tree. Throws a `RangeError` on leaves of unequal length or a total beyond 64 bits. */
export function buildTree(leaves: Leaves, hash: Hash = sha256): Tree {
  const leafCount = leaves.cumulative.length;
  if (leaves.recipients.length !== leafCount * KEY_BYTES) {
    throw new RangeError('as many recipients as amounts are needed');
  }
  let level = hashLeaves(leaves, hash);
  const levels = [level];
  for (let count = leafCount; count > 1; count = Math.ceil(count / 2)) {
    level = hashLevel(level, count, hash);
    levels.push(level);
  }
  const total = viewOf(level).getBigUint64(KEY_BYTES, true);
  return { leafCount, root: level.slice(0, KEY_BYTES), total, levels };
}

/** Room for whole pairs, and at least one. */
const openLevel = (count: number): Level =>
  new Uint8Array(Math.max(1, Math.ceil(count / 2)) * PAIR_BYTES);

function hashLeaves({ tag, pool, recipients, cumulative }: Leaves, hash: Hash): Level {
  const level = openLevel(cumulative.length);
  const view = viewOf(level);
  const write = openLeaf(tag, pool);
  for (const [index, amount] of cumulative.entries()) {
    const recipient = recipients.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES);
    if (isEmpty(recipient, amount)) continue;
    level.set(hash(write(index, recipient, amount)), index * STEP_BYTES);
    view.setBigUint64(index * STEP_BYTES + KEY_BYTES, amount, true);
  }
  return level;
}

/** The level above one of so many nodes. What is hashed of a pair lies side by side. */
function hashLevel(level: Level, count: number, hash: Hash): Level {
  const up = openLevel(Math.ceil(count / 2));
  const [view, upView] = [viewOf(level), viewOf(up)];
  const bytes = new Uint8Array(NODE_BYTES);
  bytes[0] = 1;
  for (let pair = 0; 2 * pair < count; pair += 1) {
    const [from, to] = [pair * PAIR_BYTES, pair * STEP_BYTES];
    const left = view.getBigUint64(from + KEY_BYTES, true);
    const sum = left + view.getBigUint64(from + STEP_BYTES + KEY_BYTES, true);
    if (sum > U64_MAX) throw new RangeError('the total is larger than 64 bits hold');
    bytes.set(level.subarray(from, from + PAIR_BYTES), 1);
    up.set(hash(bytes), to);
    upView.setBigUint64(to + KEY_BYTES, sum, true);
  }
  return up;
}

/** The siblings of a leaf from the bottom up, 40 bytes each. */
export function proveLeaf({ leafCount, levels }: Tree, index: number): Result<Uint8Array> {
  if (!(index >= 0 && index < leafCount)) {
    return refuse('settlement-index-range', `the tree has leaves 0 to ${leafCount - 1}`);
  }
  const proof = new Uint8Array(depthOf(leafCount) * STEP_BYTES);
  for (const [height, level] of levels.slice(0, -1).entries()) {
    const beside = ((index >>> height) ^ 1) * STEP_BYTES;
    proof.set(level.subarray(beside, beside + STEP_BYTES), height * STEP_BYTES);
  }
  return accept(proof);
}

/** Whether a proof leads from a leaf to that root and total: the program's own check. */
export function checkProof(leaf: Leaf, proof: Uint8Array, expected: Root): Result<true> {
  if (!(leaf.index >= 0 && leaf.index < expected.leafCount)) {
    return refuse('settlement-index-range', `the tree has leaves 0 to ${expected.leafCount - 1}`);
  }
  const depth = depthOf(expected.leafCount);
  if (proof.length !== depth * STEP_BYTES) {
    return refuse('settlement-proof-length', `expected ${depth} siblings of ${STEP_BYTES} bytes`);
  }
  let here = step(hashLeaf(leaf), leaf.cumulative);
  let sum = leaf.cumulative;
  for (let height = 0; height < depth; height += 1) {
    const beside = proof.slice(height * STEP_BYTES, (height + 1) * STEP_BYTES);
    const isLeft = ((leaf.index >>> height) & 1) === 0;
    const up = isLeft ? hashNode(here, beside) : hashNode(beside, here);
    sum += new DataView(beside.buffer).getBigUint64(KEY_BYTES, true);
    if (sum > U64_MAX) return refuse('settlement-overflow', 'the sums of the proof exceed 64 bits');
    here = step(up, sum);
  }
  if (isSameKey(here, step(expected.root, expected.total))) return accept(true);
  return refuse('settlement-proof-wrong', 'the proof does not lead to the root: fetch it again');
}

function step(hash: Key, sum: bigint): Uint8Array {
  const bytes = new Uint8Array(STEP_BYTES);
  bytes.set(hash);
  new DataView(bytes.buffer).setBigUint64(KEY_BYTES, sum, true);
  return bytes;
}
