import { constants, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Root } from '#protocol/values/ids.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { BlobCache } from '../ports.ts';

/** Blobs in a folder; a blob under way ends in `.part`. */
export async function openFolderCache(folder: string): Promise<BlobCache> {
  await mkdir(folder, { recursive: true });
  const whole = (root: Root): string => join(folder, root);
  const part = (root: Root): string => join(folder, `${root}.part`);
  return {
    async has({ root, length }) {
      const found = await stat(whole(root)).catch(() => undefined);
      return found?.size === length;
    },
    async read(root, offset, length) {
      const file = await open(whole(root), 'r').catch(() => undefined);
      if (file === undefined) {
        throw fault('blob-unknown', `blob ${root} is not held; fetch it again`);
      }
      try {
        const data = new Uint8Array(length);
        const { bytesRead } = await file.read(data, 0, length, offset);
        if (bytesRead === length) return data;
        throw fault('range-invalid', `blob ${root} ends before ${offset + length}; ask for less`);
      } finally {
        await file.close();
      }
    },
    async write({ root }, offset, data) {
      // Made if absent and never emptied: the first pieces may be written at the same time.
      const file = await open(part(root), constants.O_RDWR | constants.O_CREAT, 0o644);
      try {
        await file.write(data, 0, data.length, offset);
      } finally {
        await file.close();
      }
    },
    async remove(root) {
      await Promise.all([whole(root), part(root)].map((file) => rm(file, { force: true })));
    },
    finish: ({ root }) => rename(part(root), whole(root)),
    close: async () => undefined,
  };
}
