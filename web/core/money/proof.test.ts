import { expect, test } from 'vitest';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { bytesToHex, sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';
import { fillTable } from '#protocol/settlement/leaf-file.ts';
import type { Address, LeafProof } from '#protocol/settlement/money-api.ts';
import { buildTree, proveLeaf } from '#protocol/settlement/tree.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Lamports } from '#protocol/values/units.ts';
import { proveKept } from './proof.ts';

const key = (name: string) => sha256(utf8ToBytes(name));
const pool = key('pool');
const leaves = [0, 1, 2, 3, 4].map((index) => ({
  index,
  recipient: key(`wallet ${index}`),
  cumulative: BigInt(index) * 1_000n,
}));
const tree = buildTree({ tag: 'claim/v1', pool, ...fillTable(5, leaves) });

function kept(index: number): LeafProof {
  const proof = proveLeaf(tree, index);
  if (!proof.ok) throw new Error(proof.refusal.message);
  return {
    index,
    recipient: encodeBase58(key(`wallet ${index}`)) as Address,
    cumulative: (index * 1_000).toString() as Lamports,
    proof: bytesToHex(proof.value),
    root: bytesToHex(tree.root) as Digest,
    total: tree.total.toString() as Lamports,
    leafCount: tree.leafCount,
  };
}

test('a kept proof is taken when it leads to the root, and in no other case', () => {
  const at = { tag: 'claim/v1' as const, pool, root: tree };
  expect(proveKept(kept(3), at)).toMatchObject({ ok: true, value: { cumulative: 3_000n } });
  const changes: Partial<LeafProof>[] = [
    { index: 2 },
    { cumulative: '3001' as Lamports },
    { recipient: kept(2).recipient },
    { proof: kept(2).proof },
    { proof: '' },
  ];
  for (const change of changes) {
    expect(proveKept({ ...kept(3), ...change }, at)).toMatchObject({ ok: false });
  }
  expect(proveKept(kept(3), { ...at, tag: 'spend/v1' })).toMatchObject({
    refusal: { code: 'settlement-proof-wrong' },
  });
});
