import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { hasCode } from '#node/files.ts';
import { PIECE_BYTES } from '#protocol/bytes/file-tree.ts';
import { Root } from '#protocol/values/ids.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { BlobStore } from './port.ts';
import { checkRange, unknownBlob } from './range.ts';

const SHORT_READ = 'a blob is shorter on disk than it was when it was stored';

/** Where a blob of this root is, in the folder of all. */
export const pathOfBlob = (folder: string, root: Root): string =>
  join(folder, root.slice(0, 2), root);

/**
 * Reads blobs in a folder and changes nothing in it: another process may write there meanwhile,
 * since a file under its root is whole.
 */
export function openBlobReader(folder: string): Pick<BlobStore, 'stat' | 'read' | 'stream'> {
  const find = async (root: Root): Promise<number | undefined> => {
    // A root becomes a path: what is not 64 hex digits never reaches the file system.
    if (!v.is(Root, root)) return undefined;
    try {
      return (await stat(pathOfBlob(folder, root))).size;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  };
  const locate = async (root: Root, offset: number, length: number): Promise<Result<string>> => {
    const size = await find(root);
    if (size === undefined) return unknownBlob(root);
    return checkRange(size, offset, length) ?? accept(pathOfBlob(folder, root));
  };
  return {
    stat: find,
    async read(root, offset, length) {
      const path = await locate(root, offset, length);
      if (!path.ok) return path;
      const file = await open(path.value, 'r');
      try {
        return accept(await readExactly(file, offset, length));
      } finally {
        await file.close();
      }
    },
    async stream(root, offset, length) {
      const path = await locate(root, offset, length);
      return path.ok ? accept(streamFile(path.value, offset, length)) : path;
    },
  };
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const data = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(data, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new Error(SHORT_READ);
    filled += bytesRead;
  }
  return data;
}

async function* streamFile(
  path: string,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    for (let done = 0; done < length; done += PIECE_BYTES) {
      yield await readExactly(file, offset + done, Math.min(PIECE_BYTES, length - done));
    }
  } finally {
    await file.close();
  }
}
