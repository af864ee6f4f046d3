import { LEAF_FILE_BYTES_MAX } from '#protocol/settlement/leaf-file.ts';
import { LeafFileList, LeafFileView, LeafProof } from '#protocol/settlement/money-api.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { CallOptions, HubClient } from './client.ts';

/** Files of leaves that verifiers left, newest first. */
export async function listLeafFiles(
  hub: HubClient,
  limit: number,
): Promise<Result<LeafFileView[]>> {
  const list = await hub.ask(LeafFileList, `/v1/settlements?limit=${limit}`);
  return list.ok ? accept(list.value.settlements) : list;
}

/** Leaves a file of leaves with the hub. Takes a verifier's ticket. */
export const postLeafFile = (
  hub: HubClient,
  bytes: Uint8Array<ArrayBuffer>,
  options?: CallOptions,
): Promise<Result<LeafFileView>> => {
  const headers = { 'content-type': 'application/octet-stream' };
  return hub.ask(LeafFileView, '/v1/settlements', {
    ...options,
    method: 'POST',
    headers,
    body: bytes,
  });
};

/** A file of leaves by its SHA-256, which is for the caller to check. */
export const readLeafFile = (hub: HubClient, dataHash: Digest, options?: CallOptions) =>
  hub.bytes(`/v1/settlements/${dataHash}/leaves`, { bytesMax: LEAF_FILE_BYTES_MAX, ...options });

/** A leaf of a period and what leads from it to the root. */
export const readLeafProof = (
  hub: HubClient,
  { dataHash, side, index }: { dataHash: Digest; side: 'claims' | 'spends'; index: number },
) => hub.ask(LeafProof, `/v1/settlements/${dataHash}/${side}/${index}`);
