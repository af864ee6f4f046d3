import { readBlobRange, readPieceLayer } from '#client/blobs.ts';
import { openClient, type Send } from '#client/client.ts';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import { pieceCount } from '#protocol/bytes/file-tree.ts';
import { MODEL_FILE_BYTES_MAX } from '#protocol/messages/control.ts';
import type { Root } from '#protocol/values/ids.ts';
import { fault, type Result } from '#protocol/values/refusal.ts';

const LAYER_BYTES_MAX = pieceCount(MODEL_FILE_BYTES_MAX) * DIGEST_BYTES;

/** Range downloads from the hub: the source that always works. */
export interface HttpSource {
  /** The ticket of the session at hand: what may be read follows from it. */
  setTicket(ticket: string): void;
  /** Exactly these bytes; throws a `PocketgridError` with code `download-failed`. */
  range(root: Root, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The piece layer of a blob: 32 bytes per piece, none for a blob of one piece. */
  pieces(root: Root): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a hub's blobs; each call is made once, since the core of a device decides what is next. */
export function openHttpSource(hub: URL, send?: Send): HttpSource {
  let ticket: string | undefined;
  const client = openClient({
    ...{ hub, key: () => ticket, retries: 0, patience: 0 },
    ...(send === undefined ? {} : { send }),
  });
  return {
    setTicket(value) {
      ticket = value;
    },
    async range(root, offset, length) {
      const got = take(await readBlobRange(client, { root, offset, length }));
      if (got.length === length) return got;
      throw fault('download-failed', `asked for ${length} bytes and got ${got.length}`);
    },
    pieces: async (root) => take(await readPieceLayer(client, root, { bytesMax: LAYER_BYTES_MAX })),
  };
}

function take<T>(answer: Result<T>): T {
  if (answer.ok) return answer.value;
  throw fault('download-failed', `the hub did not give a blob: ${answer.refusal.message}`);
}
