import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, hexToBytes } from '#protocol/bytes/digest.ts';
import {
  consistencyPath,
  inclusionPath,
  inclusionRoot,
  type LeafRange,
} from '#protocol/bytes/merkle-log.ts';
import { checkConsistency } from '#protocol/bytes/sample-consistency.ts';
import { hashEntry } from '#protocol/records/public-log.ts';
import type { LogEntry } from '#protocol/records/records.ts';
import { instant } from '#protocol/values/units.ts';
import {
  growTree,
  hashPage,
  hashPath,
  type LogTree,
  openLogTree,
  PAGE_ENTRIES,
  pageOfIndex,
  pagesWanted,
  treeRoot,
  treeSize,
} from './tree.ts';

/** Two whole pages and a part of a third; every tenth index never reached the disk. */
const entries: LogEntry[] = Array.from({ length: 2 * PAGE_ENTRIES + 333 }, (_, position) => ({
  index: position + Math.floor(position / 9),
  commitment: digest(Uint8Array.of(position, position >> 8)),
  at: instant(position + 0.5),
}));
const tree = openLogTree();
const roots = entries.map((entry) => {
  growTree(tree, entry);
  return treeRoot(tree);
});
const size = entries.length;

/** The hashes of a path, reading the pages it names as a hub would. */
function readPath(from: LogTree, path: LeafRange[]) {
  const wanted = pagesWanted(from, path);
  const pages = new Map(
    wanted.map((page) => {
      const start = page * PAGE_ENTRIES;
      return [page, hashPage(entries.slice(start, start + PAGE_ENTRIES))] as const;
    }),
  );
  return {
    pages: wanted.length,
    hashes: hashPath(from, path, pages).map((hash) => hexToBytes(hash)),
  };
}
const rootOf = (count: number) => hexToBytes(roots[count - 1] ?? '');

describe('log tree', () => {
  it('proves every entry in every tree it ever was, from two pages at most', () => {
    fc.assert(
      fc.property(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 }), (a, b) => {
        const [position, count] = [Math.min(a, b), Math.max(a, b) + 1];
        const { pages, hashes } = readPath(tree, inclusionPath(position, count));
        expect(pages).toBeLessThanOrEqual(2);
        const entry = entries[position];
        if (entry === undefined) throw new Error('no entry');
        const found = inclusionRoot(hashEntry(entry), { position, size: count }, hashes);
        expect(found).toEqual(rootOf(count));
      }),
    );
  });

  it('proves that each tree begins every later one', () => {
    fc.assert(
      fc.property(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 }), (a, b) => {
        const [from, to] = [Math.min(a, b) + 1, Math.max(a, b) + 1];
        const { pages, hashes } = readPath(tree, consistencyPath(from, to));
        expect(pages).toBeLessThanOrEqual(2);
        const [older, newer] = [from, to].map((count) => ({ size: count, root: rootOf(count) }));
        if (older === undefined || newer === undefined) throw new Error('no tree');
        expect(checkConsistency(older, newer, hashes)).toBe(true);
      }),
    );
  });

  it('finds the page of an index', () => {
    for (const [position, { index }] of entries.entries()) {
      expect(pageOfIndex(tree, index)).toBe(Math.floor(position / PAGE_ENTRIES));
    }
    expect(pageOfIndex(tree, -1)).toBe(-1);
  });

  it('keeps one page and what lies above the others', () => {
    expect(treeSize(tree)).toBe(size);
    expect(tree.tail.indexes).toHaveLength(333);
    expect(tree.upper.map((level) => level.length)).toEqual([2, 1]);
  });
});
