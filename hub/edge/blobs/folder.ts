import { hash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, writeDurably } from '#node/files.ts';
import { type FileTree, openFileTree, PIECE_BYTES } from '#protocol/bytes/file-tree.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Root } from '#protocol/values/ids.ts';
import { accept, type RefusalCode, type Result } from '#protocol/values/refusal.ts';
import { explainDiskError } from './disk-error.ts';
import type { BlobStore } from './port.ts';
import { emptyBlob, longBlob, unknownBlob } from './range.ts';
import { openBlobReader, pathOfBlob } from './reader.ts';
import { openSpaceGuard, type SpaceGuard } from './space.ts';
import { sweepFolder } from './sweep.ts';

/** How much is hashed at once: some milliseconds. */
const SLICE_BYTES = 1024 * 1024;

/**
 * Blobs in a folder, made on first use: `ab/<root>` and, beside it, `ab/<root>.pieces`. A blob is
 * written under `incoming/` while it is hashed, synced, and moved into place with its layer first,
 * so a file under its root is always whole. What a killed process left in `incoming/` goes at
 * opening, unless the folder `isShared` with another thread that has it open.
 */
export async function openFolderBlobs(
  folder: string,
  options: { freeBytesMin?: number; isShared?: boolean } = {},
): Promise<BlobStore> {
  const incoming = join(folder, 'incoming');
  if (options.isShared !== true) await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true });
  const space = openSpaceGuard(incoming, options.freeBytesMin);
  const putting = new Set<Promise<unknown>>();
  const pathOf = (root: Root) => pathOfBlob(folder, root);
  const reader = openBlobReader(folder);

  const hold = <T>(work: Promise<T>): Promise<T> => {
    putting.add(work);
    return work.finally(() => putting.delete(work));
  };

  return {
    hold,
    ...reader,
    put(source, limit, tooBig = 'input-too-big') {
      const chunks = source instanceof Uint8Array ? [source] : source;
      const draft = join(incoming, randomUUID());
      return hold(writeBlob({ chunks, limit, tooBig, draft, space, pathOf }));
    },
    async pieces(root) {
      const size = await reader.stat(root);
      if (size === undefined) return unknownBlob(root);
      if (size <= PIECE_BYTES) return accept(new Uint8Array());
      return accept(new Uint8Array(await readFile(`${pathOf(root)}.pieces`)));
    },
    sweep: (isNamed, ageMs) =>
      sweepFolder(folder, { isNamed, ageMs, isBusy: () => putting.size > 0 }),
    async close() {
      await Promise.allSettled(putting);
    },
  };
}

interface Upload {
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  limit: number;
  tooBig: RefusalCode;
  draft: string;
  space: SpaceGuard;
  pathOf(root: Root): string;
}

async function writeBlob(upload: Upload): Promise<Result<BlobRef>> {
  const { draft } = upload;
  const broken: { error?: unknown } = {};
  let isMoved = false;
  const chunks = watchSource(upload.chunks, broken);
  try {
    const file = await open(draft, 'wx');
    let tree: Result<FileTree>;
    try {
      tree = await fillDraft(file, { ...upload, chunks });
      if (tree.ok) await file.sync();
    } finally {
      await file.close();
    }
    if (!tree.ok) return tree;
    const { root, length, pieces } = tree.value;
    await moveIntoPlace(draft, upload.pathOf(root), pieces);
    isMoved = true;
    return accept({ root, length });
  } catch (error) {
    const explained = 'error' in broken ? undefined : explainDiskError(error);
    if (explained === undefined) throw error;
    return { ok: false, refusal: explained };
  } finally {
    if (!isMoved)
      await Promise.all([draft, `${draft}.pieces`].map((path) => rm(path, { force: true })));
  }
}

/** Notes that it was the source that failed: a reset connection looks much like a failed disk. */
async function* watchSource(
  chunks: Upload['chunks'],
  broken: { error?: unknown },
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    broken.error = error;
    throw error;
  }
}

async function fillDraft(file: FileHandle, upload: Upload): Promise<Result<FileTree>> {
  const tree = openFileTree((data) => hash('sha256', data, 'buffer'));
  let length = 0;
  for await (const chunk of slice(upload.chunks)) {
    length += chunk.length;
    if (length > upload.limit) return longBlob(upload.tooBig, upload.limit);
    const full = await upload.space.take(chunk.length);
    if (full !== undefined) return { ok: false, refusal: full };
    tree.push(chunk);
    await file.writeFile(chunk);
  }
  return length === 0 ? emptyBlob() : accept(tree.finish());
}

/** Much at once is cut up: other things are done between two hashes. */
async function* slice(chunks: Upload['chunks']): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES)
      yield chunk.subarray(at, at + SLICE_BYTES);
  }
}

/** The layer first: a file under its root says that everything about it is here. */
async function moveIntoPlace(draft: string, path: string, pieces: Uint8Array): Promise<void> {
  const folder = dirname(path);
  if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(dirname(folder));
  if (pieces.length > 0) {
    await writeDurably(`${draft}.pieces`, pieces, { flag: 'wx', mode: 0o666 });
    await rename(`${draft}.pieces`, `${path}.pieces`);
  }
  await rename(draft, path);
  await syncFolder(folder);
}
