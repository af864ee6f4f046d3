import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBlobRange, readPieceLayer } from '#client/blobs.ts';
import type { HubClient } from '#client/client.ts';
import { type BoundedMap, openBoundedMap } from '#node/bounded-map.ts';
import { hasCode } from '#node/files.ts';
import { bytesToHex, DIGEST_BYTES, digestAt } from '#protocol/bytes/digest.ts';
import {
  checkPieceLayer,
  digestPiece,
  PIECE_BYTES,
  pieceCount,
  pieceRange,
} from '#protocol/bytes/file-tree.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import { fault, must, type PocketgridError } from '#protocol/values/refusal.ts';

/** Pieces fetched with one range request. */
const PIECES_PER_REQUEST = 16;
/** Checked pieces kept in memory: consecutive units lie in the same few. */
const PIECES_HOT_MAX = 32;
/** Longer reads (whole models) would only push the others out. */
const PIECES_HOT_READ_MAX = 4;
const LAYERS_MAX = 64;

/** Blobs of the hub, each checked against its root. */
export interface Blobs {
  /** Bytes [offset, offset + length) of a blob, every piece of them checked against its root. */
  read(ref: BlobRef, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();

interface Store {
  folder: string;
  client: HubClient;
  bytesMax: number;
  /** Bytes held of each blob, the one used longest ago first. */
  held: Map<string, number>;
  /** Checked piece layers by root. */
  layers: Map<string, Uint8Array>;
  hot: BoundedMap<string, Buffer>;
}
/** A blob with its checked piece layer. */
interface Source {
  ref: BlobRef;
  layer: Uint8Array;
}

/**
 * Blobs of the hub, kept piece by piece in `folder/<root>/<piece>` up to `bytesMax`; the blob used
 * longest ago goes first. A piece is checked when it comes and whenever it is read back: a bad disk
 * must not turn an honest device into a cheat.
 */
export async function openBlobs(
  folder: string,
  client: HubClient,
  bytesMax: number,
): Promise<Blobs> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const held = await scan(folder);
  const store: Store = {
    folder,
    client,
    bytesMax,
    held,
    layers: new Map(),
    hot: openBoundedMap(PIECES_HOT_MAX),
  };
  let queue: Promise<unknown> = Promise.resolve();
  return {
    /** One at a time: two reads of one blob would fetch it twice. */
    read: (ref, offset, length) => {
      const done = queue.then(() => readRange(store, ref, { offset, length }));
      queue = done.catch(() => undefined);
      return done;
    },
  };
}

async function readRange(
  store: Store,
  ref: BlobRef,
  { offset, length }: { offset: number; length: number },
): Promise<Uint8Array<ArrayBuffer>> {
  if (offset < 0 || length < 1 || offset + length > ref.length) {
    const message = `bytes ${offset} to ${offset + length} lie outside a blob of ${ref.length}`;
    throw fault('range-invalid', message);
  }
  const source: Source = { ref, layer: await readLayer(store, ref) };
  const first = Math.floor(offset / PIECE_BYTES);
  const last = Math.floor((offset + length - 1) / PIECE_BYTES);
  const bytes = new Uint8Array(length);
  for (let index = first; index <= last; ) {
    const piece = await readPiece(store, source, index);
    const count = Math.min(PIECES_PER_REQUEST, last - index + 1);
    const pieces =
      piece === undefined ? await fetchPieces(store, source, { first: index, count }) : [piece];
    for (const found of pieces) {
      const at = index * PIECE_BYTES - offset;
      bytes.set(found.subarray(Math.max(0, -at), length - at), Math.max(0, at));
      if (last - first < PIECES_HOT_READ_MAX) warmUp(store.hot, `${ref.root}/${index}`, found);
      index += 1;
    }
  }
  await makeRoom(store, ref.root);
  return bytes;
}

async function readLayer({ client, layers }: Store, ref: BlobRef): Promise<Uint8Array> {
  const known = layers.get(ref.root);
  if (known !== undefined) return known;
  const count = pieceCount(ref.length);
  const bounds = { bytesMax: DIGEST_BYTES * count };
  const layer =
    count <= 1 ? new Uint8Array() : must(await readPieceLayer(client, ref.root, bounds));
  if (!checkPieceLayer(ref, layer, sha256)) throw wrongHash(ref, 'piece layer');
  if (layers.size >= LAYERS_MAX) layers.clear();
  layers.set(ref.root, layer);
  return layer;
}

function isRight({ ref, layer }: Source, index: number, piece: Uint8Array): boolean {
  if (piece.length !== pieceRange(ref.length, index).length) return false;
  const found = bytesToHex(digestPiece({ length: ref.length, index, data: piece }, sha256));
  if (layer.length === 0) return found === ref.root;
  return found === digestAt(layer, index);
}

/** A piece at hand, undefined where it must be fetched. */
async function readPiece({ folder, hot }: Store, source: Source, index: number) {
  const { root } = source.ref;
  const warm = hot.get(`${root}/${index}`);
  if (warm !== undefined) return warm;
  const piece = await readFile(join(folder, root, `${index}`)).catch(() => undefined);
  return piece !== undefined && isRight(source, index, piece) ? piece : undefined;
}

async function fetchPieces(store: Store, source: Source, run: { first: number; count: number }) {
  const { ref } = source;
  const offset = run.first * PIECE_BYTES;
  const length = Math.min(run.count * PIECE_BYTES, ref.length - offset);
  const data = must(await readBlobRange(store.client, { root: ref.root, offset, length }));
  const pieces: Uint8Array[] = [];
  for (let index = run.first; index < run.first + run.count; index += 1) {
    const at = (index - run.first) * PIECE_BYTES;
    const piece = data.subarray(at, at + PIECE_BYTES);
    if (!isRight(source, index, piece)) throw wrongHash(ref, `piece ${index}`);
    pieces.push(piece);
    if (!(await keep(store.folder, ref.root, { index, piece }))) continue;
    store.held.set(ref.root, (store.held.get(ref.root) ?? 0) + piece.length);
  }
  return pieces;
}

const wrongHash = (ref: BlobRef, what: string): PocketgridError =>
  fault(
    'blob-hash',
    `${what} of blob ${ref.root.slice(0, 12)}… does not have its hash; it is fetched again`,
  );

function warmUp(hot: Store['hot'], name: string, piece: Uint8Array): void {
  hot.delete(name);
  hot.set(name, Buffer.from(piece));
}

/** Not flushed: a piece lost in a crash is fetched again. */
async function keep(
  folder: string,
  root: string,
  { index, piece }: { index: number; piece: Uint8Array },
) {
  const file = join(folder, root, `${index}`);
  try {
    await mkdir(join(folder, root), { recursive: true });
    await writeFile(`${file}.new`, piece);
    await rename(`${file}.new`, file);
    return true;
  } catch (error) {
    // A full disk costs speed, not work: the piece is at hand.
    if (!hasCode(error, 'ENOSPC') && !hasCode(error, 'EDQUOT')) throw error;
    return false;
  }
}

/** Bytes held of each blob, the one used longest ago first. */
async function scan(folder: string): Promise<Map<string, number>> {
  const found: { root: string; bytes: number; usedAt: number }[] = [];
  for (const root of await readdir(folder)) {
    const names = await readdir(join(folder, root));
    const sizes = await Promise.all(names.map((name) => stat(join(folder, root, name))));
    const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
    found.push({ root, bytes, usedAt: (await stat(join(folder, root))).mtimeMs });
  }
  found.sort((a, b) => a.usedAt - b.usedAt);
  return new Map(found.map(({ root, bytes }) => [root, bytes]));
}

async function makeRoom({ folder, held, bytesMax }: Store, used: string): Promise<void> {
  const bytes = held.get(used);
  if (bytes === undefined) return;
  const newest = [...held.keys()].at(-1);
  if (newest !== used) {
    held.delete(used);
    held.set(used, bytes);
    const now = new Date();
    await utimes(join(folder, used), now, now).catch(() => undefined);
  }
  let total = [...held.values()].reduce((sum, size) => sum + size, 0);
  for (const [root, size] of held) {
    if (total <= bytesMax) return;
    if (root === used) continue;
    await rm(join(folder, root), { recursive: true, force: true });
    held.delete(root);
    total -= size;
  }
}
