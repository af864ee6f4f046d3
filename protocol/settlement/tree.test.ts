import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, sha256 } from '../bytes/digest.ts';
import { encode, U64_MAX, u64 } from './layout.ts';
import {
  buildTree,
  checkProof,
  depthOf,
  EMPTY_KEY,
  hashLeaf,
  type Leaf,
  proveLeaf,
  STEP_BYTES,
  type TreeTag,
} from './tree.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const tag = fc.constantFrom<TreeTag>('claim/v1', 'spend/v1');
const entry = fc.record({
  recipient: fc.oneof({ weight: 4, arbitrary: key }, fc.constant(EMPTY_KEY)),
  cumulative: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 40n }), fc.constant(0n)),
});
const drawn = fc.record({ tag, pool: key, entries: fc.array(entry, { maxLength: 40 }) });
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

const leafOf = ({ tag, pool, entries }: Drawn, index: number): Leaf => {
  const { recipient = EMPTY_KEY, cumulative = 0n } = entries[index] ?? {};
  return { tag, pool, index, recipient, cumulative };
};

const treeOf = ({ tag, pool, entries }: Drawn) =>
  buildTree({
    tag,
    pool,
    recipients: concatBytes(...entries.map(({ recipient }) => recipient)),
    cumulative: BigUint64Array.from(entries, ({ cumulative }) => cumulative),
  });

/** The definition, word by word: a node over every pair, nothing kept. */
function rootOf(of: Drawn): Uint8Array {
  if (of.entries.length === 0) return EMPTY_KEY;
  let level = of.entries.map(({ cumulative }, index) => ({
    hash: hashLeaf(leafOf(of, index)),
    sum: cumulative,
  }));
  while (level.length > 1) {
    const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, at) => {
      const [left, right = { hash: EMPTY_KEY, sum: 0n }] = level.slice(2 * at, 2 * at + 2);
      if (left === undefined) throw new RangeError('a pair has a left half');
      const sums = [encode(u64, left.sum), encode(u64, right.sum)] as const;
      const bytes = concatBytes(Uint8Array.of(1), left.hash, sums[0], right.hash, sums[1]);
      return { hash: sha256(bytes), sum: left.sum + right.sum };
    });
    level = pairs;
  }
  return level[0]?.hash ?? EMPTY_KEY;
}

describe('a Merkle-sum tree', () => {
  it('has the root of its definition, and the sum of its leaves', () => {
    fc.assert(
      fc.property(drawn, (of) => {
        const tree = treeOf(of);
        const total = of.entries.reduce((sum, { cumulative }) => sum + cumulative, 0n);
        expect(tree.root).toEqual(rootOf(of));
        expect(tree).toMatchObject({ total, leafCount: of.entries.length });
      }),
    );
  });

  it('proves each of its leaves to the root, and no leaf beyond', () => {
    fc.assert(
      fc.property(drawn, (of) => {
        const tree = treeOf(of);
        for (const index of of.entries.keys()) {
          const proof = proveLeaf(tree, index);
          if (!proof.ok) throw new Error(proof.refusal.message);
          expect(proof.value).toHaveLength(depthOf(tree.leafCount) * STEP_BYTES);
          expect(checkProof(leafOf(of, index), proof.value, tree).ok).toBe(true);
        }
        for (const index of [-1, of.entries.length, 2 ** 31])
          expect(proveLeaf(tree, index).ok).toBe(false);
      }),
    );
  });

  it('takes no proof in which anything was changed', () => {
    const changed = fc.record({
      of: drawn.filter(({ entries }) => entries.length > 1),
      at: fc.nat(),
      bit: fc.nat({ max: 7 }),
      what: fc.constantFrom(
        'proof',
        'recipient',
        'cumulative',
        'index',
        'pool',
        'tag',
        'root',
        'total',
      ),
    });
    const turn = (bytes: Uint8Array, at: number, bit: number) =>
      bytes.map((byte, each) => (each === at % bytes.length ? byte ^ (1 << bit) : byte));
    fc.assert(
      fc.property(changed, ({ of, at, bit, what }) => {
        const tree = treeOf(of);
        const index = at % of.entries.length;
        const leaf = leafOf(of, index);
        // An empty leaf says nothing of its place, pool or tree.
        const isEmpty = leaf.cumulative === 0n && leaf.recipient.every((byte) => byte === 0);
        fc.pre(!isEmpty || !['index', 'pool', 'tag'].includes(what));
        const right = proveLeaf(tree, index);
        if (!right.ok) throw new Error(right.refusal.message);
        const other: Partial<Leaf> =
          {
            recipient: { recipient: turn(leaf.recipient, at, bit) },
            cumulative: { cumulative: leaf.cumulative ^ (1n << BigInt(bit)) },
            index: { index: (index + 1) % of.entries.length },
            pool: { pool: turn(leaf.pool, at, bit) },
            tag: { tag: leaf.tag === 'claim/v1' ? ('spend/v1' as const) : ('claim/v1' as const) },
          }[what as 'recipient'] ?? {};
        const proof = what === 'proof' ? turn(right.value, at, bit) : right.value;
        const root = what === 'root' ? turn(tree.root, at, bit) : tree.root;
        const total = what === 'total' ? tree.total + 1n : tree.total;
        expect(checkProof({ ...leaf, ...other }, proof, { ...tree, root, total }).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('takes no proof of another length', () => {
    fc.assert(
      fc.property(
        drawn.filter(({ entries }) => entries.length > 1),
        fc.nat(),
        (of, at) => {
          const tree = treeOf(of);
          const index = at % of.entries.length;
          const proof = proveLeaf(tree, index);
          if (!proof.ok) throw new Error(proof.refusal.message);
          for (const other of [
            proof.value.slice(STEP_BYTES),
            proof.value.slice(1),
            concatBytes(proof.value, proof.value),
          ]) {
            const checked = checkProof(leafOf(of, index), other, tree);
            expect(checked).toMatchObject({ refusal: { code: 'settlement-proof-length' } });
          }
        },
      ),
    );
  });

  it('hashes with what it is given', () => {
    const of = {
      tag: 'claim/v1' as const,
      pool: EMPTY_KEY,
      recipients: new Uint8Array(64).fill(1),
    };
    const leaves = { ...of, cumulative: BigUint64Array.of(1n, 2n) };
    expect(buildTree(leaves, (data) => sha256(data)).root).toEqual(buildTree(leaves).root);
    expect(buildTree(leaves, () => new Uint8Array(32).fill(9)).root).toEqual(
      new Uint8Array(32).fill(9),
    );
  });

  it('refuses a total beyond 64 bits, and leaves without recipients', () => {
    const of = {
      tag: 'claim/v1' as const,
      pool: EMPTY_KEY,
      recipients: new Uint8Array(64).fill(1),
    };
    expect(buildTree({ ...of, cumulative: BigUint64Array.of(U64_MAX, 0n) }).total).toBe(U64_MAX);
    expect(() => buildTree({ ...of, cumulative: BigUint64Array.of(U64_MAX, 1n) })).toThrow(
      RangeError,
    );
    expect(() => buildTree({ ...of, cumulative: BigUint64Array.of(1n) })).toThrow(RangeError);
  });
});
