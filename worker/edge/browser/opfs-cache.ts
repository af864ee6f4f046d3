import type { Root } from '#protocol/ids.ts';
import type { BlobRef } from '#protocol/package.ts';
import { PocketgridError, refusal } from '#protocol/refusal.ts';
import { openMemoryCache } from '../memory-cache.ts';
import type { BlobCache } from '../ports.ts';

const MEMORY_BYTES_MAX = 512 * 1024 * 1024;

/**
 * Blobs in the origin's private file system, by sync access handles. A blob is whole when its empty
 * mark `ROOT.ok` exists. Falls back to memory where there is no file system, or it is full.
 */
export async function openOpfsCache(): Promise<BlobCache> {
  const memory = openMemoryCache(MEMORY_BYTES_MAX);
  const folder = await openFolder().catch(() => undefined);
  if (folder === undefined) return memory;
  const handles = new Map<Root, Promise<FileSystemSyncAccessHandle>>();
  const inMemory = new Set<Root>();
  /** Length of what this life wrote to a file that is not whole yet, by offset. */
  const written = new Map<Root, Map<number, number>>();
  const openHandle = async (root: Root, create: boolean): Promise<FileSystemSyncAccessHandle> => {
    const file = await folder.getFileHandle(root, { create });
    return file.createSyncAccessHandle();
  };
  const handle = (root: Root, create: boolean): Promise<FileSystemSyncAccessHandle> => {
    const known = handles.get(root) ?? openHandle(root, create);
    handles.set(root, known);
    known.catch(() => handles.delete(root));
    return known;
  };
  const isMarked = (root: Root): Promise<boolean> =>
    folder.getFileHandle(`${root}.ok`).then(
      () => true,
      () => false,
    );
  /** Gives the room of a broken-off file back; another tab's file cannot be removed, and stays. */
  const remove = async (root: Root): Promise<void> => {
    const opening = handles.get(root);
    handles.delete(root);
    written.delete(root);
    const file = await opening?.catch(() => undefined);
    file?.close();
    if (file !== undefined) await folder.removeEntry(root).catch(() => undefined);
  };
  return {
    async has(ref) {
      if (inMemory.has(ref.root)) return memory.has(ref);
      if (!(await isMarked(ref.root))) return false;
      // Another tab may hold the file; then this one fetches a copy of its own into memory.
      const file = await handle(ref.root, false).catch(() => undefined);
      if (file === undefined) inMemory.add(ref.root);
      return file?.getSize() === ref.length;
    },
    async read(root, offset, length) {
      if (inMemory.has(root)) return memory.read(root, offset, length);
      const data = new Uint8Array(length);
      const file = (await isMarked(root))
        ? await handle(root, false).catch(() => undefined)
        : undefined;
      if (file === undefined) {
        throw new PocketgridError(
          refusal('blob-unknown', `blob ${root} is not held; fetch it again`),
        );
      }
      if (file.read(data, { at: offset }) === length) return data;
      throw new PocketgridError(
        refusal('range-invalid', `blob ${root} ends before ${offset + length}; ask for less`),
      );
    },
    async write(ref, offset, data) {
      const { root } = ref;
      if (inMemory.has(root)) return memory.write(ref, offset, data);
      const file = await handle(root, true).catch(() => undefined);
      // Another piece may have found the file full in the meantime.
      if (inMemory.has(root)) return memory.write(ref, offset, data);
      const parts = written.get(root) ?? new Map<number, number>();
      written.set(root, parts);
      if (file !== undefined && writeAll(file, offset, data)) {
        parts.set(offset, data.length);
        return;
      }
      // The quota is used up, or another tab holds the file: what this life wrote moves to memory.
      inMemory.add(root);
      await memory.write(ref, offset, data);
      try {
        if (file !== undefined) await moveParts({ file, parts, ref, memory });
      } finally {
        await remove(root);
      }
    },
    async finish(ref) {
      if (inMemory.has(ref.root)) return memory.finish(ref);
      (await handle(ref.root, false)).flush();
      await folder.getFileHandle(`${ref.root}.ok`, { create: true });
      written.delete(ref.root);
    },
    async close() {
      for (const opening of handles.values()) (await opening.catch(() => undefined))?.close();
      handles.clear();
      await memory.close();
    },
  };
}

async function openFolder(): Promise<FileSystemDirectoryHandle> {
  const origin = await navigator.storage.getDirectory();
  return origin.getDirectoryHandle('blobs', { create: true });
}

/** Copies the parts a file holds to memory; one that cannot be read back ends the download. */
async function moveParts(move: {
  file: FileSystemSyncAccessHandle;
  parts: ReadonlyMap<number, number>;
  ref: BlobRef;
  memory: BlobCache;
}): Promise<void> {
  const { file, parts, ref, memory } = move;
  for (const [offset, length] of parts) {
    const data = new Uint8Array(length);
    if (file.read(data, { at: offset }) !== length) {
      throw new PocketgridError(
        refusal(
          'disk-full',
          'the disk quota is used up; free some space, or work on smaller models',
        ),
      );
    }
    await memory.write(ref, offset, data);
  }
}

function writeAll(file: FileSystemSyncAccessHandle, offset: number, data: Uint8Array): boolean {
  try {
    return file.write(new Uint8Array(data), { at: offset }) === data.length;
  } catch {
    return false;
  }
}
