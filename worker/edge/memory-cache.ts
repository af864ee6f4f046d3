import type { Root } from '#protocol/values/ids.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { BlobCache } from './ports.ts';

interface Held {
  data: Uint8Array<ArrayBuffer>;
  /** Length of what was written, by offset. */
  written: Map<number, number>;
  whole: boolean;
}

/** Blobs in memory: where there is no disk to be had, or it is full. The oldest go first. */
export function openMemoryCache(bytesMax: number): BlobCache {
  const blobs = new Map<Root, Held>();
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
        throw fault('blob-unknown', `blob ${root} is not held; fetch it again`);
      }
      if (offset + length > blob.data.length) {
        throw fault('range-invalid', `blob ${root} ends before ${offset + length}; ask for less`);
      }
      return blob.data.slice(offset, offset + length);
    },
    async write({ root, length }, offset, data) {
      const blob = blobs.get(root) ?? openHeld(length);
      blob.data.set(data, offset);
      blob.written.set(offset, data.length);
      blobs.set(root, blob);
      shrink();
    },
    async finish({ root }) {
      const blob = blobs.get(root);
      let written = 0;
      for (const length of blob?.written.values() ?? []) written += length;
      // A larger blob may have pushed out its first pieces: what is left has zeros in their place.
      if (blob === undefined || written < blob.data.length) {
        blobs.delete(root);
        throw fault('storage-failed', `memory was too full to keep blob ${root}; fetch it again`);
      }
      blob.whole = true;
      blob.written.clear();
    },
    async remove(root) {
      blobs.delete(root);
    },
    async close() {
      blobs.clear();
    },
  };
}

const openHeld = (length: number): Held => ({
  data: new Uint8Array(length),
  written: new Map(),
  whole: false,
});
