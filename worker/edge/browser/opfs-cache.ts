import type { BlobRef } from '#protocol/models/package.ts';
import type { Root } from '#protocol/values/ids.ts';
import { fault } from '#protocol/values/refusal.ts';
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
  const files = openFiles(folder);
  const inMemory = new Set<Root>();
  /** Length of what this life wrote to a file that is not whole yet, by offset. */
  const written = new Map<Root, Map<number, number>>();
  return {
    async has(ref) {
      if (inMemory.has(ref.root)) return memory.has(ref);
      if (!(await files.isMarked(ref.root))) return false;
      // Another tab may hold the file; then this one fetches a copy of its own into memory.
      const file = await files.open(ref.root, false).catch(() => undefined);
      if (file === undefined) inMemory.add(ref.root);
      return file?.getSize() === ref.length;
    },
    async read(root, offset, length) {
      if (inMemory.has(root)) return memory.read(root, offset, length);
      const data = new Uint8Array(length);
      const file = (await files.isMarked(root))
        ? await files.open(root, false).catch(() => undefined)
        : undefined;
      if (file === undefined) {
        throw fault('blob-unknown', `blob ${root} is not held; fetch it again`);
      }
      if (file.read(data, { at: offset }) === length) return data;
      throw fault('range-invalid', `blob ${root} ends before ${offset + length}; ask for less`);
    },
    async write(ref, offset, data) {
      const { root } = ref;
      if (inMemory.has(root)) return memory.write(ref, offset, data);
      const file = await files.open(root, true).catch(() => undefined);
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
        written.delete(root);
        await files.remove(root);
      }
    },
    async finish(ref) {
      if (inMemory.has(ref.root)) return memory.finish(ref);
      await files.mark(ref.root);
      written.delete(ref.root);
    },
    async close() {
      await files.close();
      await memory.close();
    },
  };
}

async function openFolder(): Promise<FileSystemDirectoryHandle> {
  const origin = await navigator.storage.getDirectory();
  return origin.getDirectoryHandle('blobs', { create: true });
}

/** The files of the cache's folder, each opened once. */
function openFiles(folder: FileSystemDirectoryHandle) {
  const handles = new Map<Root, Promise<FileSystemSyncAccessHandle>>();
  const openHandle = async (root: Root, create: boolean): Promise<FileSystemSyncAccessHandle> => {
    const file = await folder.getFileHandle(root, { create });
    return file.createSyncAccessHandle();
  };
  const open = (root: Root, create: boolean): Promise<FileSystemSyncAccessHandle> => {
    const known = handles.get(root) ?? openHandle(root, create);
    handles.set(root, known);
    known.catch(() => handles.delete(root));
    return known;
  };
  return {
    open,
    isMarked: (root: Root): Promise<boolean> =>
      folder.getFileHandle(`${root}.ok`).then(
        () => true,
        () => false,
      ),
    async mark(root: Root): Promise<void> {
      (await open(root, false)).flush();
      await folder.getFileHandle(`${root}.ok`, { create: true });
    },
    /** Gives the room of a broken-off file back; another tab's file stays. */
    async remove(root: Root): Promise<void> {
      const opening = handles.get(root);
      handles.delete(root);
      const file = await opening?.catch(() => undefined);
      file?.close();
      if (file !== undefined) await folder.removeEntry(root).catch(() => undefined);
    },
    async close(): Promise<void> {
      for (const opening of handles.values()) (await opening.catch(() => undefined))?.close();
      handles.clear();
    },
  };
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
      throw fault(
        'disk-full',
        'the disk quota is used up; free some space, or work on smaller models',
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
