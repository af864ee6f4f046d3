import type { Root } from '#protocol/values/ids.ts';
import type { CallOptions, HubClient } from './client.ts';

/** Who reads a blob checks and keeps it himself: the browser's cache has no use for it. */
const KEPT = { cache: 'no-store' } as const;

/**
 * Bytes [offset, offset + length) of a blob, fewer at its end. They are not checked against its
 * root.
 */
export const readBlobRange = (
  hub: HubClient,
  { root, offset, length }: { root: Root; offset: number; length: number },
  options?: CallOptions,
) => hub.range(`/v1/blobs/${root}`, { offset, length }, { ...KEPT, ...options });

/** A whole blob as it comes, not checked against its root. */
export const streamBlob = (hub: HubClient, root: Root, options?: CallOptions) =>
  hub.stream(`/v1/blobs/${root}`, { ...KEPT, ...options });

/** The piece layer of a blob: 32 bytes for each piece of 256 KiB, none for a blob of one piece. */
export const readPieceLayer = (hub: HubClient, root: Root, options?: CallOptions) =>
  hub.bytes(`/v1/blobs/${root}/pieces`, { ...KEPT, ...options });
