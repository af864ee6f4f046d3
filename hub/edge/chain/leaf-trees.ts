import { createHash } from 'node:crypto';
import { openBoundedMap } from '#node/bounded-map.ts';
import { decodeBase58, encodeBase58 } from '#protocol/bytes/base58.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { KEY_BYTES } from '#protocol/settlement/layout.ts';
import {
  buildTrees,
  decodeLeafFile,
  type LeafFile,
  leafAt,
  type Trees,
} from '#protocol/settlement/leaf-file.ts';
import type { Address, LeafProof } from '#protocol/settlement/money-api.ts';
import { proveLeaf } from '#protocol/settlement/tree.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';

/** Whose trees are in memory: those that claims go by, and a few that are being agreed on. */
export const TREES_MAX = 4;

export interface LeafTrees {
  /** `read` gives the file when its trees are not here yet. Only the newest files are asked for. */
  prove(asked: {
    dataHash: Digest;
    pool: Address;
    side: 'claims' | 'spends';
    index: number;
    read(): Promise<Result<Uint8Array>>;
  }): Promise<Result<LeafProof>>;
}

interface Built {
  leaves: LeafFile;
  trees: Trees;
}

/** Trees of the leaf files that were asked for last; each is built once for all who ask. */
export function openLeafTrees(): LeafTrees {
  const built = openBoundedMap<string, Promise<Result<Built>>>(TREES_MAX);
  return {
    async prove({ dataHash, pool, side, index, read }) {
      const name = `${dataHash} ${pool}`;
      const building = built.get(name) ?? build(pool, read);
      built.delete(name);
      built.set(name, building);
      const result = await building;
      if (!result.ok) {
        built.delete(name);
        return result;
      }
      return proveSide(result.value, side, index);
    },
  };
}

async function build(
  pool: Address,
  read: () => Promise<Result<Uint8Array>>,
): Promise<Result<Built>> {
  const key = decodeBase58(pool, KEY_BYTES);
  if (!key.ok) return key;
  const bytes = await read();
  if (!bytes.ok) return bytes;
  const leaves = decodeLeafFile(bytes.value);
  if (!leaves.ok) return leaves;
  const hash = (data: Uint8Array) => createHash('sha256').update(data).digest();
  return accept({ leaves: leaves.value, trees: buildTrees(leaves.value, key.value, hash) });
}

function proveSide(
  { leaves, trees }: Built,
  side: 'claims' | 'spends',
  index: number,
): Result<LeafProof> {
  const tree = trees[side];
  const proof = proveLeaf(tree, index);
  if (!proof.ok) return refuse('settlement-index-range', proof.refusal.message);
  const { recipient, cumulative } = leafAt(leaves[side], index);
  return accept({
    index,
    recipient: encodeBase58(recipient) as Address,
    cumulative: lamports(cumulative),
    proof: bytesToHex(proof.value),
    root: bytesToHex(tree.root) as Digest,
    total: lamports(tree.total),
    leafCount: tree.leafCount,
  });
}
