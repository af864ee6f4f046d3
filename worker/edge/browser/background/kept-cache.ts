import type { Root } from '#protocol/values/ids.ts';
import { openMemoryCache } from '../../memory-cache.ts';
import type { BlobCache } from '../../ports.ts';

const MEMORY_BYTES_MAX = 64 * 2 ** 20;

/**
 * The models that pages of this browser keep, to be read alone: a service worker has no access handles.
 * What is written goes to memory.
 */
export async function openKeptCache(): Promise<BlobCache> {
  const memory = openMemoryCache(MEMORY_BYTES_MAX);
  const folder = await navigator.storage
    .getDirectory()
    .then((origin) => origin.getDirectoryHandle('blobs'))
    .catch(() => undefined);
  const find = async (root: Root): Promise<File | undefined> => {
    try {
      await folder?.getFileHandle(`${root}.ok`);
      return await (await folder?.getFileHandle(root))?.getFile();
    } catch {
      return undefined;
    }
  };
  return {
    ...memory,
    async has(ref) {
      return (await find(ref.root))?.size === ref.length || memory.has(ref);
    },
    async read(root, offset, length) {
      const file = await find(root);
      if (file === undefined) return memory.read(root, offset, length);
      return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    },
  };
}
