import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import {
  Bond,
  Config,
  decodeAccount,
  Escrow,
  Page,
  Pool,
  VerifierSet,
} from '#protocol/settlement/accounts.ts';
import { TAGS } from '#protocol/settlement/instructions.ts';
import { encode, type Layout } from '#protocol/settlement/layout.ts';
import { checkProof, type TreeTag } from '#protocol/settlement/tree.ts';
import { makeVectors } from './vectors.ts';

interface Vectors {
  accounts: Record<string, { data: string }>;
  instructions: { name: string; data: string }[];
  trees: {
    tag: TreeTag;
    pool: string;
    leafCount: number;
    root: string;
    total: string;
    proofs: { index: number; recipient: string; cumulative: string; proof: string }[];
  }[];
}
const vectors: Vectors = JSON.parse(
  await readFile('programs/vectors/generated/settlement.json', 'utf8'),
);

describe('the vectors', () => {
  it('are what the codec writes', () => {
    expect(makeVectors()).toEqual(vectors);
  });

  it('have every instruction', () => {
    expect(vectors.instructions.map(({ name }) => name)).toEqual(Object.keys(TAGS));
    for (const [tag, { data }] of vectors.instructions.entries())
      expect(hexToBytes(data)[0]).toBe(tag);
  });

  it.each([
    ['config', Config],
    ['verifierSet', VerifierSet],
    ['bond', Bond],
    ['pool', Pool],
    ['escrow', Escrow],
    ['page', Page],
  ] as [string, Layout<{ kind: number; version: number }>][])('decode: %s', (name, layout) => {
    const data = hexToBytes(vectors.accounts[name]?.data ?? '');
    const found = decodeAccount(layout, data);
    if (!found.ok) throw new Error(found.refusal.message);
    expect(encode(layout, found.value)).toEqual(data);
  });

  it('prove every leaf, at its own place alone', () => {
    for (const { tag, pool, leafCount, root, total, proofs } of vectors.trees) {
      const expected = { root: hexToBytes(root), total: BigInt(total), leafCount };
      for (const { index, recipient, cumulative, proof } of proofs) {
        const at = (place: number) =>
          checkProof(
            {
              tag,
              pool: hexToBytes(pool),
              index: place,
              recipient: hexToBytes(recipient),
              cumulative: BigInt(cumulative),
            },
            hexToBytes(proof),
            expected,
          ).ok;
        expect(at(index)).toBe(true);
        // An empty leaf beside an empty leaf is the same leaf.
        if (BigInt(cumulative) > 0n && leafCount > 1) expect(at(index ^ 1)).toBe(false);
      }
    }
  });
});
