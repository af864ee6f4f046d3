import type { Root } from '#protocol/ids.ts';
import { PocketgridError, refusal } from '#protocol/refusal.ts';
import type { BlobCache } from './ports.ts';

/** Blobs in memory: where there is no disk to be had, or it is full. The oldest go first. */
export function openMemoryCache(bytesMax: number): BlobCache {
  const blobs = new Map<Root, { data: Uint8Array<ArrayBuffer>; whole: boolean }>();
  const shrink = (): void => {
    let held = 0;
    for (const { data } of blobs.values()) held += data.length;
    for (const [root, { data }] of blobs) {
      if (held <= bytesMax || blobs.size === 1) return;
      blobs.delete(root);
      held -= data.length;
    }
  };
  return {
    has: async ({ root }) => blobs.get(root)?.whole === true,
    async read(root, offset, length) {
      const blob = blobs.get(root);
      if (blob?.whole !== true) {
        throw new PocketgridError(
          refusal('blob-unknown', `blob ${root} is not held; fetch it again`),
        );
      }
      return blob.data.slice(offset, offset + length);
    },
    async write({ root, length }, offset, data) {
      const blob = blobs.get(root) ?? { data: new Uint8Array(length), whole: false };
      blob.data.set(data, offset);
      blobs.set(root, blob);
      shrink();
    },
    async finish({ root }) {
      const blob = blobs.get(root);
      if (blob !== undefined) blob.whole = true;
    },
    async close() {
      blobs.clear();
    },
  };
}
