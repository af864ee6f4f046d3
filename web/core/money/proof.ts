import { t } from '@lingui/core/macro';
import { decodeBase58 } from '#protocol/bytes/base58.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import { KEY_BYTES, type Key } from '#protocol/settlement/layout.ts';
import type { LeafProof } from '#protocol/settlement/money-api.ts';
import { checkProof, type Root, type TreeTag } from '#protocol/settlement/tree.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** A leaf that leads to a root of the chain, as instructions take it. */
export interface ProvenLeaf {
  index: number;
  recipient: Key;
  cumulative: bigint;
  proof: Uint8Array;
}

/** Checks a leaf against the root on the chain: neither hub nor store has to be believed. */
export function proveKept(
  { index, recipient, cumulative, proof }: LeafProof,
  { tag, pool, root }: { tag: TreeTag; pool: Key; root: Root },
): Result<ProvenLeaf> {
  const key = decodeBase58(recipient, KEY_BYTES);
  if (!key.ok) return key;
  const leaf: ProvenLeaf = {
    index,
    recipient: key.value,
    cumulative: BigInt(cumulative),
    proof: hexToBytes(proof),
  };
  const checked = checkProof({ ...leaf, tag, pool }, leaf.proof, root);
  if (checked.ok) return accept(leaf);
  const message = t`This proof does not lead to the root on the chain. Load it again; if that does not help, ask a verifier for the file of leaves.`;
  return refuse(checked.refusal.code, message);
}
