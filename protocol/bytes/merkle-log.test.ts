import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from './digest.ts';
import {
  appendLeaf,
  consistencyPath,
  EMPTY_ROOT,
  foldRoots,
  frontierRoot,
  hashLeaf,
  hashNode,
  inclusionPath,
  inclusionRoot,
  type LeafRange,
  openFrontier,
  PATH_HASHES_MAX,
  splitRange,
} from './merkle-log.ts';
import { checkConsistency } from './sample-consistency.ts';

interface Vectors {
  leaves: string[];
  roots: string[];
  inclusion: { position: number; size: number; path: string[] }[];
  consistency: { from: number; size: number; path: string[] }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/merkle-log.json', import.meta.url), 'utf8'),
);

/** MTH of RFC 6962 §2.1, as it stands there. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return first;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return hashNode(naiveRoot(leaves.slice(0, half)), naiveRoot(leaves.slice(half)));
}

const hashAll = (leaves: readonly Uint8Array[], path: readonly LeafRange[]) =>
  path.map(({ from, to }) => naiveRoot(leaves.slice(from, to)));
const hex = (hashes: readonly Uint8Array[]) => hashes.map((hash) => bytesToHex(hash));
const leafHashes = (count: number) =>
  Array.from({ length: count }, (_, at) => hashLeaf(Uint8Array.of(at, at >> 8)));
/** A tree size and a place in it. */
const place = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.record({ size: fc.constant(size), at: fc.nat({ max: size - 1 }) }));

describe("RFC 6962's definition, in the vectors", () => {
  const leaves = vectors.leaves.map((leaf) => hashLeaf(hexToBytes(leaf)));
  it.each([...vectors.roots.entries()])('the root of %i leaves', (size, root) => {
    const frontier = openFrontier();
    for (const leaf of leaves.slice(0, size)) appendLeaf(frontier, leaf);
    expect(bytesToHex(frontierRoot(frontier))).toBe(root);
  });

  it.each(vectors.inclusion)('inclusion of $position in $size', ({ position, size, path }) => {
    expect(hex(hashAll(leaves, inclusionPath(position, size)))).toEqual(path);
    const leaf = leaves[position] ?? EMPTY_ROOT;
    const root = inclusionRoot(leaf, { position, size }, path.map(hexToBytes));
    expect(root === undefined ? '' : bytesToHex(root)).toBe(vectors.roots[size]);
  });

  it.each(vectors.consistency)('consistency of $from with $size', ({ from, size, path }) => {
    expect(hex(hashAll(leaves, consistencyPath(from, size)))).toEqual(path);
    const treeOf = (leafCount: number) => ({
      size: leafCount,
      root: hexToBytes(vectors.roots[leafCount] ?? ''),
    });
    expect(checkConsistency(treeOf(from), treeOf(size), path.map(hexToBytes))).toBe(true);
  });
});

describe('Merkle log', () => {
  it('has the naive root after every append, from a frontier of log n roots', () => {
    const frontier = openFrontier();
    const leaves = leafHashes(200);
    for (const [at, leaf] of leaves.entries()) {
      appendLeaf(frontier, leaf);
      expect(frontierRoot(frontier)).toEqual(naiveRoot(leaves.slice(0, at + 1)));
      expect(frontier.roots.length).toBeLessThanOrEqual(Math.ceil(Math.log2(at + 2)));
    }
  });

  it('tells each complete subtree once, in order, and ranges fold from them', () => {
    const levels: Uint8Array[][] = [];
    const frontier = openFrontier();
    const leaves = leafHashes(300);
    for (const leaf of leaves) {
      appendLeaf(frontier, leaf, (level, hash) => {
        levels[level] = [...(levels[level] ?? []), hash];
      });
    }
    expect(levels.map(({ length }) => length)).toEqual([300, 150, 75, 37, 18, 9, 4, 2, 1]);
    fc.assert(
      fc.property(place, ({ size, at }) => {
        for (const range of inclusionPath(at, size)) {
          const roots = splitRange(range).map(({ level, index }) => levels[level]?.[index]);
          expect(foldRoots(roots.map((root) => root ?? EMPTY_ROOT))).toEqual(
            naiveRoot(leaves.slice(range.from, range.to)),
          );
        }
      }),
    );
  });

  it('proves inclusion, and nothing else', () => {
    const leaves = leafHashes(300);
    fc.assert(
      fc.property(place, fc.nat(), fc.nat({ max: 31 }), ({ size, at: position }, pick, byte) => {
        const path = hashAll(leaves, inclusionPath(position, size));
        const root = naiveRoot(leaves.slice(0, size));
        const leaf = leaves[position] ?? EMPTY_ROOT;
        expect(inclusionRoot(leaf, { position, size }, path)).toEqual(root);
        const other = leaves[(position + 1) % 300] ?? EMPTY_ROOT;
        expect(inclusionRoot(other, { position, size }, path)).not.toEqual(root);
        expect(inclusionRoot(leaf, { position, size }, [...path, root])).toBeUndefined();
        expect(inclusionRoot(leaf, { position: size, size }, path)).toBeUndefined();
        if (path.length === 0) return;
        const bent = path.map((hash) => Uint8Array.from(hash));
        const bytes = bent[pick % bent.length];
        if (bytes !== undefined) bytes[byte] = (bytes[byte] ?? 0) ^ 1;
        expect(inclusionRoot(leaf, { position, size }, bent)).not.toEqual(root);
      }),
    );
  });

  it('proves that a log only grew, and refuses one that changed', () => {
    const leaves = leafHashes(300);
    const treeOf = (count: number, from = leaves) => ({
      size: count,
      root: naiveRoot(from.slice(0, count)),
    });
    fc.assert(
      fc.property(place, fc.nat(), ({ size, at: from }, pick) => {
        const path = hashAll(leaves, consistencyPath(from, size));
        expect(checkConsistency(treeOf(from), treeOf(size), path)).toBe(true);
        if (from === 0) return;
        const changed = leaves.with(pick % from, hashLeaf(Uint8Array.of(9, 9, 9)));
        const honest = hashAll(changed, consistencyPath(from, size));
        expect(checkConsistency(treeOf(from), treeOf(size, changed), honest)).toBe(false);
        expect(checkConsistency(treeOf(from, changed), treeOf(size), path)).toBe(false);
        expect(checkConsistency(treeOf(from), treeOf(size), [...path, EMPTY_ROOT])).toBe(false);
        expect(checkConsistency(treeOf(size), treeOf(from), path)).toBe(false);
      }),
    );
  });

  it('bounds a path by the size of a safe integer', () => {
    const size = Number.MAX_SAFE_INTEGER;
    expect(inclusionPath(size - 1, size).length).toBeLessThanOrEqual(PATH_HASHES_MAX);
    expect(consistencyPath(size - 1, size).length).toBeLessThanOrEqual(PATH_HASHES_MAX);
    expect(splitRange({ from: 0, to: size })).toHaveLength(53);
  });
});
