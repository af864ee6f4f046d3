import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, sha256 } from '../bytes/digest.ts';
import { instant } from '../values/units.ts';
import { KEY_BYTES } from './layout.ts';
import {
  buildTrees,
  contentOf,
  decodeLeafFile,
  encodeLeafFile,
  fillTable,
  type LeafFile,
  type LeafTable,
  leafAt,
} from './leaf-file.ts';
import { checkProof, proveLeaf } from './tree.ts';

const POOL = new Uint8Array(KEY_BYTES).fill(9);

const tables = fc
  .array(
    fc.record({
      recipient: fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES }),
      cumulative: fc.bigInt(0n, 1n << 50n),
    }),
    { maxLength: 20 },
  )
  .map((leaves) =>
    fillTable(
      leaves.length,
      leaves.map((leaf, index) => ({ index, ...leaf })),
    ),
  );
const files: fc.Arbitrary<LeafFile> = fc.record({
  period: fc.bigInt(0n, 2n ** 64n - 1n),
  through: fc.nat().map(instant),
  claims: tables,
  spends: tables,
});
const one = (amount: bigint): LeafTable =>
  fillTable(1, [{ index: 0, recipient: POOL, cumulative: amount }]);

describe('a file of leaves', () => {
  it('says after decoding what was encoded, in one form', () => {
    fc.assert(
      fc.property(files, (file) => {
        const bytes = encodeLeafFile(file);
        const decoded = decodeLeafFile(bytes);
        expect(decoded).toEqual({ ok: true, value: file });
        expect(decoded.ok && encodeLeafFile(decoded.value)).toEqual(bytes);
      }),
    );
  });

  it('refuses what is cut off, longer, of another kind, or too big for its length', () => {
    fc.assert(
      fc.property(files, fc.nat(), (file, at) => {
        const bytes = encodeLeafFile(file);
        expect(decodeLeafFile(bytes.slice(0, at % bytes.length)).ok).toBe(false);
        expect(decodeLeafFile(Uint8Array.of(...bytes, 0)).ok).toBe(false);
        const other = bytes.slice();
        other[at % 20] = (other[at % 20] ?? 0) ^ 1;
        expect(decodeLeafFile(other).ok).toBe(false);
      }),
    );
    const huge = encodeLeafFile({
      period: 1n,
      through: instant(1),
      claims: one(1n),
      spends: one(1n),
    });
    huge.fill(255, 36, 44);
    expect(decodeLeafFile(huge)).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('at most 1048576') },
    });
  });

  it('leads from every leaf to the content that is signed', () => {
    fc.assert(
      fc.property(tables, (claims) => {
        const total = claims.cumulative.reduce((sum, amount) => sum + amount, 0n);
        const file = { period: 1n, through: instant(1), claims, spends: one(total) };
        const bytes = encodeLeafFile(file);
        const trees = buildTrees(file, POOL);
        const content = contentOf(bytes, trees);
        if (!content.ok) throw new Error(content.refusal.message);
        expect(bytesToHex(content.value.dataHash)).toBe(bytesToHex(sha256(bytes)));
        const { claimRoot: root, claimLeafCount: leafCount } = content.value;
        for (let index = 0; index < leafCount; index += 1) {
          const proof = proveLeaf(trees.claims, index);
          if (!proof.ok) throw new Error(proof.refusal.message);
          const leaf = { tag: 'claim/v1', pool: POOL, index, ...leafAt(claims, index) } as const;
          expect(checkProof(leaf, proof.value, { root, total, leafCount }).ok).toBe(true);
        }
      }),
    );
  });

  it('is signed by nobody when more is earned than spent', () => {
    const file = { period: 1n, through: instant(1), claims: one(2n), spends: one(1n) };
    const content = contentOf(encodeLeafFile(file), buildTrees(file, POOL));
    expect(content).toMatchObject({ ok: false, refusal: { code: 'settlement-malformed' } });
  });
});
