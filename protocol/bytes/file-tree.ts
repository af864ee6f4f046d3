import type { Root } from '../values/ids.ts';
import { fault } from '../values/refusal.ts';
import { type Bytes, bytes as lengthOf } from '../values/units.ts';
import { bytesToHex, DIGEST_BYTES, type Sha256, sha256 } from './digest.ts';

/**
 * The file tree of BitTorrent v2 (BEP 52): SHA-256 over 16 KiB leaves, a binary tree above them.
 *
 * - A blob of one piece: its leaves, filled up to a power of two with zero hashes. The layer is empty.
 * - A longer one: each piece is a subtree of 16 leaves, the last one filled up with zero hashes; the
 *   layer is the piece hashes, filled up to a power of two with the hash of a piece of zero hashes.
 */
export const LEAF_BYTES = 16 * 1024;
/** A piece is what is fetched and checked at once, bytes. */
export const PIECE_BYTES = 256 * 1024;
const LEAVES_PER_PIECE = PIECE_BYTES / LEAF_BYTES;

/** The hash tree of a blob (BEP 52): its root and the hash of each piece. */
export interface FileTree {
  root: Root;
  length: Bytes;
  /** The piece layer: 32 bytes per piece, end to end; empty for a blob of one piece. */
  pieces: Uint8Array<ArrayBuffer>;
}

export interface FileTreeHasher {
  push(chunk: Uint8Array): void;
  /** Throws a PocketgridError (`input-empty`) when nothing was pushed. */
  finish(): FileTree;
}

/** Hashes a blob as it streams by; holds one leaf and 32 bytes per piece. */
export function openFileTree(hash: Sha256 = sha256): FileTreeHasher {
  const leaf = new Uint8Array(LEAF_BYTES);
  const layer: Uint8Array[] = [];
  let leaves: Uint8Array[] = [];
  let filled = 0;
  let length = 0;

  const closeLeaf = (data: Uint8Array) => {
    // A full piece is folded only when more follows: a lone piece has no layer.
    if (leaves.length === LEAVES_PER_PIECE) closePiece();
    leaves.push(hash(data));
  };
  const closePiece = () => {
    layer.push(foldTree(leaves, { width: LEAVES_PER_PIECE }, hash));
    leaves = [];
  };

  return {
    push(chunk) {
      length += chunk.length;
      let offset = 0;
      while (offset < chunk.length) {
        if (filled === 0 && chunk.length - offset >= LEAF_BYTES) {
          closeLeaf(chunk.subarray(offset, offset + LEAF_BYTES));
          offset += LEAF_BYTES;
          continue;
        }
        const part = chunk.subarray(offset, offset + LEAF_BYTES - filled);
        leaf.set(part, filled);
        filled += part.length;
        offset += part.length;
        if (filled < LEAF_BYTES) continue;
        closeLeaf(leaf);
        filled = 0;
      }
    },
    finish() {
      if (length === 0) throw fault('input-empty', EMPTY);
      if (filled > 0) closeLeaf(leaf.subarray(0, filled));
      filled = 0;
      if (layer.length === 0) {
        const root = foldTree(leaves, { width: powerOfTwo(leaves.length) }, hash);
        return {
          root: bytesToHex(root) as Root,
          length: lengthOf(length),
          pieces: new Uint8Array(),
        };
      }
      closePiece();
      const pieces = new Uint8Array(layer.length * DIGEST_BYTES);
      for (const [index, digest] of layer.entries()) pieces.set(digest, index * DIGEST_BYTES);
      const root = foldLayer(layer, hash);
      return { root: bytesToHex(root) as Root, length: lengthOf(length), pieces };
    },
  };
}

const EMPTY = 'a blob holds at least one byte; leave an empty file out';

/** The tree of a blob held in memory. Throws like `finish` when it is empty. */
export function buildFileTree(data: Uint8Array, hash: Sha256 = sha256): FileTree {
  const tree = openFileTree(hash);
  tree.push(data);
  return tree.finish();
}

/**
 * Whether `layer` is the piece layer that `ref.root` stands for. A blob of one piece has none, so
 * there only an empty layer is right and the piece itself is compared with the root.
 */
export function checkPieceLayer(
  ref: { root: string; length: number },
  layer: Uint8Array,
  hash: Sha256 = sha256,
): boolean {
  const count = pieceCount(ref.length);
  if (count === 0) return false;
  if (count === 1) return layer.length === 0;
  if (layer.length !== count * DIGEST_BYTES) return false;
  const digests = Array.from({ length: count }, (_, index) =>
    layer.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES),
  );
  return bytesToHex(foldLayer(digests, hash)) === ref.root;
}

/**
 * The hash of piece `index` of a blob of `length` bytes: 32 bytes, to be compared with the entry of
 * the piece layer or, for a blob of one piece, with the root. RangeError unless `data` is as long
 * as that piece.
 */
export function digestPiece(
  { length, index, data }: { length: number; index: number; data: Uint8Array },
  hash: Sha256 = sha256,
): Uint8Array {
  const range = pieceRange(length, index);
  if (data.length !== range.length) {
    throw new RangeError(`piece ${index} is ${range.length} bytes long, got ${data.length}`);
  }
  const leaves: Uint8Array[] = [];
  for (let offset = 0; offset < data.length; offset += LEAF_BYTES) {
    leaves.push(hash(data.subarray(offset, offset + LEAF_BYTES)));
  }
  const width = length <= PIECE_BYTES ? powerOfTwo(leaves.length) : LEAVES_PER_PIECE;
  return foldTree(leaves, { width }, hash);
}

/** Pieces in a blob of `length` bytes. */
export const pieceCount = (length: number): number => Math.ceil(length / PIECE_BYTES);

/** Where piece `index` lies in a blob of `length` bytes. RangeError past the last piece. */
export function pieceRange(length: number, index: number): { offset: number; length: number } {
  if (!Number.isSafeInteger(index) || index < 0 || index >= pieceCount(length)) {
    throw new RangeError(`a blob of ${length} bytes has no piece ${index}`);
  }
  const offset = index * PIECE_BYTES;
  return { offset, length: Math.min(PIECE_BYTES, length - offset) };
}

function powerOfTwo(atLeast: number): number {
  let width = 1;
  while (width < atLeast) width *= 2;
  return width;
}

/** Root of `nodes` filled up to `width` (a power of two) with `filler`, one level at a time. */
function foldTree(
  nodes: readonly Uint8Array[],
  { width, filler = new Uint8Array(DIGEST_BYTES) }: { width: number; filler?: Uint8Array },
  hash: Sha256,
): Uint8Array {
  let level = nodes;
  let fill = filler;
  const pair = new Uint8Array(2 * DIGEST_BYTES);
  const join = (left: Uint8Array, right: Uint8Array) => {
    pair.set(left);
    pair.set(right, DIGEST_BYTES);
    return hash(pair);
  };
  for (let remaining = width; remaining > 1; remaining /= 2) {
    const above: Uint8Array[] = [];
    for (let index = 0; index < level.length; index += 2) {
      above.push(join(level[index] as Uint8Array, level[index + 1] ?? fill));
    }
    // Computed even where unused: one hash a level, and the code stays one loop.
    fill = join(fill, fill);
    level = above;
  }
  return level[0] ?? fill;
}

function foldLayer(layer: readonly Uint8Array[], hash: Sha256): Uint8Array {
  const filler = foldTree([], { width: LEAVES_PER_PIECE }, hash);
  return foldTree(layer, { width: powerOfTwo(layer.length), filler }, hash);
}
