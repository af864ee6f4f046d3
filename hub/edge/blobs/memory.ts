import { hash } from 'node:crypto';
import { buildFileTree, PIECE_BYTES } from '#protocol/bytes/file-tree.ts';
import type { Root } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import type { BlobStore } from './port.ts';
import { checkRange, emptyBlob, longBlob, unknownBlob } from './range.ts';

interface Blob {
  data: Uint8Array;
  pieces: Uint8Array;
}

/** Blobs that live as long as the process, for tests. */
export function openMemoryBlobs(): BlobStore {
  const blobs = new Map<Root, Blob>();
  const view = (root: Root, offset: number, length: number) => {
    const blob = blobs.get(root);
    if (blob === undefined) return unknownBlob(root);
    const refused = checkRange(blob.data.length, offset, length);
    return refused ?? accept(blob.data.subarray(offset, offset + length));
  };
  return {
    async put(source, limit, tooBig = 'input-too-big') {
      const data = await collect(source, limit);
      if (data === undefined) return longBlob(tooBig, limit);
      if (data.length === 0) return emptyBlob();
      const { root, length, pieces } = buildFileTree(data, (part) =>
        hash('sha256', part, 'buffer'),
      );
      blobs.set(root, { data, pieces });
      return accept({ root, length });
    },
    stat: async (root) => blobs.get(root)?.data.length,
    async read(root, offset, length) {
      const found = view(root, offset, length);
      return found.ok ? accept(found.value.slice()) : found;
    },
    async stream(root, offset, length) {
      const found = view(root, offset, length);
      return found.ok ? accept(cut(found.value)) : found;
    },
    async pieces(root) {
      const blob = blobs.get(root);
      return blob === undefined ? unknownBlob(root) : accept(blob.pieces.slice());
    },
    async close() {
      blobs.clear();
    },
  };
}

/** Undefined past the limit. */
async function collect(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk.slice());
  }
  return Buffer.concat(chunks);
}

async function* cut(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < data.length; offset += PIECE_BYTES) {
    yield data.slice(offset, offset + PIECE_BYTES);
  }
}
