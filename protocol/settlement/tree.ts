import { sha256, utf8ToBytes } from '../digest.ts';
import { accept, type Result, refuse } from '../refusal.ts';
import { isSameKey, KEY_BYTES, type Key, U64_MAX } from './layout.ts';

/**
 * Merkle-sum trees, as `programs/settlement/src/tree.rs` draws and checks them: every node has the sum of what is
 * below it, and a root is worth nothing without its total.
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

/** One level, leaves first; `hashes` has 32 bytes for each sum. */
interface Level {
  hashes: Uint8Array;
  sums: BigUint64Array;
}

export interface Root {
  root: Key;
  total: bigint;
  leafCount: number;
}

export interface Tree extends Root {
  levels: Level[];
}

export const EMPTY_KEY: Key = new Uint8Array(KEY_BYTES);
/** A sibling in a proof: hash and sum. */
export const STEP_BYTES = 40;
const LEAF_BYTES = 93;
const NODE_BYTES = 81;

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
  while (level.sums.length > 1) {
    level = hashLevel(level, hash);
    levels.push(level);
  }
  const root = leafCount === 0 ? EMPTY_KEY : level.hashes.slice(0, KEY_BYTES);
  return { leafCount, root, total: level.sums[0] ?? 0n, levels };
}

function hashLeaves({ tag, pool, recipients, cumulative }: Leaves, hash: Hash): Level {
  const hashes = new Uint8Array(recipients.length);
  const write = openLeaf(tag, pool);
  for (const [index, amount] of cumulative.entries()) {
    const recipient = recipients.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES);
    if (isEmpty(recipient, amount)) continue;
    hashes.set(hash(write(index, recipient, amount)), index * KEY_BYTES);
  }
  return { hashes, sums: cumulative.slice() };
}

function hashLevel({ hashes, sums }: Level, hash: Hash): Level {
  const count = Math.ceil(sums.length / 2);
  const up: Level = { hashes: new Uint8Array(count * KEY_BYTES), sums: new BigUint64Array(count) };
  const bytes = new Uint8Array(NODE_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = 1;
  for (let at = 0; at < count; at += 1) {
    const [left = 0n, right = 0n] = [sums[2 * at], sums[2 * at + 1]];
    const sum = left + right;
    if (sum > U64_MAX) throw new RangeError('the total is larger than 64 bits hold');
    // A missing right half is 32 zero bytes with sum 0.
    const first = 2 * at * KEY_BYTES;
    bytes.set(hashes.subarray(first, first + KEY_BYTES), 1);
    bytes.fill(0, 41, 73);
    bytes.set(hashes.subarray(first + KEY_BYTES, first + 2 * KEY_BYTES), 41);
    view.setBigUint64(33, left, true);
    view.setBigUint64(73, right, true);
    up.hashes.set(hash(bytes), at * KEY_BYTES);
    up.sums[at] = sum;
  }
  return up;
}

/** The siblings of a leaf from the bottom up, 40 bytes each. */
export function proveLeaf({ leafCount, levels }: Tree, index: number): Result<Uint8Array> {
  if (!(index >= 0 && index < leafCount)) {
    return refuse('settlement-index-range', `the tree has leaves 0 to ${leafCount - 1}`);
  }
  const proof = new Uint8Array(depthOf(leafCount) * STEP_BYTES);
  const view = new DataView(proof.buffer);
  for (const [height, { hashes, sums }] of levels.slice(0, -1).entries()) {
    const beside = (index >>> height) ^ 1;
    if (beside >= sums.length) continue;
    proof.set(hashes.subarray(beside * KEY_BYTES, (beside + 1) * KEY_BYTES), height * STEP_BYTES);
    view.setBigUint64(height * STEP_BYTES + KEY_BYTES, sums[beside] ?? 0n, true);
  }
  return accept(proof);
}

/** Whether a proof leads from this leaf to exactly that root with exactly that total: the program's own check. */
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
