import type { BlobRef } from '#protocol/models/package.ts';
import type { Root } from '#protocol/values/ids.ts';
import { fault } from '#protocol/values/refusal.ts';
import { openMemoryCache } from '../memory-cache.ts';
import type { BlobCache } from '../ports.ts';

const MEMORY_BYTES_MAX = 512 * 1024 * 1024;
/** So much of what the browser allows this page is taken, and no more than that. */
const SHARE_MAX = 0.2;
const BYTES_MAX = 2 * 2 ** 30;
const QUOTA_UNKNOWN = 2 ** 31;

/** A blob cache whose blobs outlast this life. */
export interface StoredCache extends BlobCache {
  /** Bytes on disk. */
  kept(): Promise<number>;
  /** Deletes all blobs but those that another tab holds. */
  free(): Promise<void>;
}

/**
 * Blobs in the origin's private file system, by sync access handles. A blob is whole when its empty
 * mark `ROOT.ok` exists. A share of the disk is taken: the oldest blobs go first, and one that does not fit
 * goes to memory, as all do where there is no file system. `changed` is called when more or less is kept.
 */
export async function openOpfsCache(on: { changed?(): void } = {}): Promise<StoredCache> {
  const memory = openMemoryCache(MEMORY_BYTES_MAX);
  const folder = await openFolder().catch(() => undefined);
  if (folder === undefined) return { ...memory, kept: async () => 0, free: async () => undefined };
  const files = openFiles(folder);
  const inMemory = new Set<Root>();
  /** Length of what this life wrote to a file that is not whole yet, by offset. */
  const written = new Map<Root, Map<number, number>>();
  const room = openRoom(files, {
    share: await findShare(),
    isUnderWay: (root) => written.has(root),
  });
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
      const fits = await room.take(ref);
      const file = fits ? await files.open(root, true).catch(() => undefined) : undefined;
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
      const parts = written.get(ref.root);
      const length = [...(parts?.values() ?? [])].reduce((sum, each) => sum + each, 0);
      if (length !== ref.length) {
        written.delete(ref.root);
        throw fault('storage-failed', `blob ${ref.root} was deleted meanwhile; fetch it again`);
      }
      await files.mark(ref.root);
      written.delete(ref.root);
      on.changed?.();
    },
    async remove(root) {
      inMemory.delete(root);
      written.delete(root);
      await memory.remove(root);
      await files.remove(root);
      on.changed?.();
    },
    kept: async () => sumBytes(await files.list()),
    async free() {
      for (const { root } of await files.list()) if (!written.has(root)) await files.remove(root);
      on.changed?.();
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
    /** Gives the room of a file back; another tab's file stays. */
    async remove(root: Root): Promise<void> {
      const file = await open(root, false).catch(() => undefined);
      handles.delete(root);
      if (file === undefined) return;
      file.close();
      await folder.removeEntry(`${root}.ok`).catch(() => undefined);
      await folder.removeEntry(root).catch(() => undefined);
    },
    /** All files, those used longest ago first. */
    async list(): Promise<{ root: Root; size: number }[]> {
      const found = [];
      for await (const name of folder.keys()) {
        if (name.endsWith('.ok')) continue;
        const root = name as Root;
        const file = await (await folder.getFileHandle(name)).getFile().catch(() => undefined);
        if (file === undefined) continue;
        const usedAt = [...handles.keys()].indexOf(root);
        found.push({ root, size: file.size, usedAt, writtenAt: file.lastModified });
      }
      return found.sort((a, b) => a.usedAt - b.usedAt || a.writtenAt - b.writtenAt);
    },
    async close(): Promise<void> {
      for (const opening of handles.values()) (await opening.catch(() => undefined))?.close();
      handles.clear();
    },
  };
}

const sumBytes = (files: readonly { size: number }[]): number =>
  files.reduce((sum, { size }) => sum + size, 0);

/** Makes room for blobs within a share of the disk. */
function openRoom(
  files: ReturnType<typeof openFiles>,
  { share, isUnderWay }: { share: number; isUnderWay(root: Root): boolean },
) {
  const taken = new Map<Root, Promise<boolean>>();
  const make = async ({ root, length }: BlobRef): Promise<boolean> => {
    if (length > share) return false;
    const others = (await files.list()).filter((each) => each.root !== root);
    let kept = sumBytes(others);
    for (const { root: oldest, size } of others) {
      if (kept + length <= share) break;
      if (isUnderWay(oldest)) continue;
      await files.remove(oldest);
      taken.delete(oldest);
      kept -= size;
    }
    return true;
  };
  return {
    /** Whether the blob fits, once older ones have gone. */
    take(ref: BlobRef): Promise<boolean> {
      const known = taken.get(ref.root) ?? make(ref).catch(() => true);
      taken.set(ref.root, known);
      return known;
    },
  };
}

async function findShare(): Promise<number> {
  const estimate = await navigator.storage.estimate?.().catch(() => undefined);
  return Math.min(BYTES_MAX, SHARE_MAX * (estimate?.quota ?? QUOTA_UNKNOWN));
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
