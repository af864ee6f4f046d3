import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, digest } from './digest.ts';
import {
  buildFileTree,
  checkPieceLayer,
  digestPiece,
  openFileTree,
  PIECE_BYTES,
  pieceCount,
  pieceRange,
} from './file-tree.ts';

interface Vector {
  length: number;
  root: string;
  pieces: number;
  layerSha256: string;
  firstPiece: string;
  lastPiece: string;
}
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../vectors/file-tree.json', import.meta.url), 'utf8'),
);

const blobOf = (length: number) =>
  Uint8Array.from({ length }, (_, i) => (i ^ (i >> 8) ^ (i >> 16)) & 255);
const largest = blobOf(Math.max(...vectors.map(({ length }) => length)));

describe('file tree', () => {
  it.each(vectors)('agrees with libtorrent on $length bytes', (vector) => {
    const data = largest.subarray(0, vector.length);
    const tree = buildFileTree(data);
    expect(tree).toMatchObject({ root: vector.root, length: vector.length });
    expect(tree.pieces.length).toBe(vector.pieces * 32);
    expect(digest(tree.pieces)).toBe(vector.layerSha256);
    expect(bytesToHex(tree.pieces.subarray(0, 32))).toBe(vector.firstPiece);
    expect(checkPieceLayer(tree, tree.pieces)).toBe(true);
  });

  it('each piece has the hash its layer, or the root of a lone piece, says', () => {
    for (const { length, root } of vectors.filter((vector) => vector.length < 6 * PIECE_BYTES)) {
      const { pieces } = buildFileTree(largest.subarray(0, length));
      for (let index = 0; index < pieceCount(length); index += 1) {
        const range = pieceRange(length, index);
        const piece = largest.subarray(range.offset, range.offset + range.length);
        const entry = bytesToHex(pieces.subarray(index * 32, index * 32 + 32));
        expect(bytesToHex(digestPiece({ length, index, data: piece }))).toBe(
          entry === '' ? root : entry,
        );
        const damaged = piece.slice();
        damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1;
        expect(bytesToHex(digestPiece({ length, index, data: damaged }))).not.toBe(
          entry === '' ? root : entry,
        );
      }
    }
  });

  it('is the same however the bytes arrive', () => {
    const data = largest.subarray(0, PIECE_BYTES + 70_001);
    const { root } = buildFileTree(data);
    const cuts = fc.array(fc.integer({ min: 0, max: data.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (unsorted) => {
        const tree = openFileTree();
        let start = 0;
        for (const end of [...unsorted.toSorted((a, b) => a - b), data.length]) {
          tree.push(data.subarray(start, end));
          start = end;
        }
        expect(tree.finish().root).toBe(root);
      }),
      { numRuns: 25 },
    );
  });

  it('turns down a layer that is wrong, short, long or not wanted', () => {
    const tree = buildFileTree(largest.subarray(0, 3 * PIECE_BYTES + 1));
    const wrong = tree.pieces.slice();
    wrong[64] = (wrong[64] ?? 0) ^ 1;
    expect(checkPieceLayer(tree, wrong)).toBe(false);
    expect(checkPieceLayer(tree, tree.pieces.subarray(32))).toBe(false);
    expect(checkPieceLayer(tree, new Uint8Array([...tree.pieces, ...new Uint8Array(32)]))).toBe(
      false,
    );
    expect(checkPieceLayer({ root: tree.root, length: 5 }, tree.pieces)).toBe(false);
    expect(checkPieceLayer({ root: tree.root, length: 5 }, new Uint8Array())).toBe(true);
    expect(checkPieceLayer({ root: tree.root, length: 0 }, new Uint8Array())).toBe(false);
  });

  it('has no tree for an empty blob and no piece past the last', () => {
    expect(() => buildFileTree(new Uint8Array())).toThrow(/input-empty: a blob holds at least one/);
    expect(() => pieceRange(PIECE_BYTES, 1)).toThrow(RangeError);
    expect(() => pieceRange(PIECE_BYTES, -1)).toThrow(RangeError);
    expect(() => digestPiece({ length: PIECE_BYTES, index: 0, data: new Uint8Array(5) })).toThrow(
      RangeError,
    );
    expect(pieceRange(PIECE_BYTES + 3, 1)).toEqual({ offset: PIECE_BYTES, length: 3 });
  });
});
