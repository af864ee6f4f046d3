import type { Root } from '#protocol/values/ids.ts';
import { fault, type PocketgridError } from '#protocol/values/refusal.ts';

const DEADLINE_MS = 30_000;
/** 32 bytes for each of the 2,048 pieces of 512 MiB. */
const LAYER_BYTES_MAX = 64 * 1024;

/** Range downloads from the hub: the source that always works. */
export interface HttpSource {
  /** Exactly these bytes; throws a `PocketgridError` with code `download-failed`. */
  range(root: Root, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The piece layer of a blob: 32 bytes per piece, none for a blob of one piece. */
  pieces(root: Root): Promise<Uint8Array<ArrayBuffer>>;
}

export function openHttpSource(hub: URL): HttpSource {
  const get = async (path: string, headers: Record<string, string>) => {
    let answer: Response;
    try {
      answer = await fetch(new URL(path, hub), {
        headers,
        // Pieces have a cache of their own and inputs are read once: the browser need not keep
        // them.
        cache: 'no-store',
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
    } catch (error) {
      throw failed(
        `the hub could not be reached: ${error instanceof Error ? error.message : error}`,
      );
    }
    throw failed(`the hub answered ${answer.status} to ${path}`);
  };
  return {
    async range(root, offset, length) {
      const range = `bytes=${offset}-${offset + length - 1}`;
      const got = await get(`/v1/blobs/${root}`, { range });
      // A hub or a proxy that ignores ranges sends the whole blob.
      if (got.length > length && got.length >= offset + length) {
        return got.slice(offset, offset + length);
      }
      if (got.length !== length) throw failed(`asked for ${length} bytes and got ${got.length}`);
      return got;
    },
    async pieces(root) {
      const layer = await get(`/v1/blobs/${root}/pieces`, {});
      if (layer.length > LAYER_BYTES_MAX) throw failed('the piece layer is too long to be true');
      return layer;
    },
  };
}

const failed = (message: string): PocketgridError => fault('download-failed', message);
