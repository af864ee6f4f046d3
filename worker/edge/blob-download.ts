import { bytesToHex, DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import { checkPieceLayer, digestPiece, pieceCount, pieceRange } from '#protocol/bytes/file-tree.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Root } from '#protocol/values/ids.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import {
  type Assembly,
  failPiece,
  finishPiece,
  HTTPS,
  isGivenUp,
  openAssembly,
  planRequests,
  type Wanted,
} from '../core/assembly.ts';
import type { HttpSource } from './http-source.ts';
import type { BlobCache, PeerLinks } from './ports.ts';

const POLL_MS = 100;
const PROGRESS_MS = 250;
const FETCH_MS_MAX = 15 * 60_000;

/** Where pieces come from, and where they go. */
export interface PieceWorld {
  cache: BlobCache;
  http: HttpSource;
  peers: PeerLinks | undefined;
}

/** Bytes of one blob that are here, and how they came. */
export interface BlobProgress {
  received: number;
  overPeers: number;
  overHttps: number;
}

/** One blob on its way to this device, for any number of fetches that wait for it. */
export interface BlobDownload {
  /**
   * Fetches until the blob is whole in the cache (true) or nobody wants it any more (false). Calls
   * at the same time share one assembly. Throws a `PocketgridError` when every source fails.
   */
  run(): Promise<boolean>;
  isRunning(): boolean;
}

/** What of a blob is here already: a download that broke off goes on with the pieces it lacks. */
interface Partial extends BlobProgress {
  assembly: Assembly;
  layer: Uint8Array;
}

/**
 * `progress` is called at most four times a second, and once at the end of a run; `failed` when a peer is
 * asked no more, since its bytes were wrong or did not come.
 */
export function openBlobDownload(
  world: PieceWorld,
  ref: BlobRef,
  on: { wanted(): boolean; progress(at: BlobProgress): void; failed(peer: string): void },
): BlobDownload {
  let partial: Partial | undefined;
  let running: Promise<boolean> | undefined;

  const once = async (): Promise<boolean> => {
    if (await world.cache.has(ref)) return true;
    partial ??= await openPartial(world, ref);
    const held = partial;
    await assemble(world, ref, {
      partial: held,
      wanted: on.wanted,
      progress: () => on.progress(held),
      failed: on.failed,
    });
    if (held.assembly.missing.size > 0) return false;
    // Whether or not the cache can finish it, the next run asks the cache what it holds.
    partial = undefined;
    await world.cache.finish(ref).catch(throwStoreFailure);
    return true;
  };
  const forget = (error: unknown): never => {
    // A store that fails may have lost pieces that were counted as here: all are fetched again.
    if (isStoreFailure(error)) partial = undefined;
    throw error;
  };
  return {
    run() {
      running ??= once()
        .catch(forget)
        .finally(() => {
          running = undefined;
        });
      return running;
    },
    isRunning: () => running !== undefined,
  };
}

async function openPartial(world: PieceWorld, ref: BlobRef): Promise<Partial> {
  const pieces = pieceCount(ref.length);
  const layer = pieces > 1 ? await world.http.pieces(ref.root) : new Uint8Array();
  if (pieces > 1 && !checkPieceLayer(ref, layer)) {
    throw fault('blob-hash', 'the piece hashes do not belong to this blob');
  }
  const assembly = openAssembly(pieces, instant(Date.now()));
  return { assembly, layer, received: 0, overPeers: 0, overHttps: 0 };
}

/** Asks sources for pieces until all are here, nobody wants them, or HTTPS keeps failing. */
async function assemble(
  world: PieceWorld,
  ref: BlobRef,
  on: { partial: Partial; wanted(): boolean; progress(): void; failed(peer: string): void },
): Promise<void> {
  const { partial, wanted } = on;
  const { assembly } = partial;
  const startedAt = Date.now();
  assembly.lastPeerPieceAt = instant(startedAt);
  assembly.httpsFailures = 0;
  let failure: unknown;
  let toldAt = 0;
  const ask = async (next: Wanted): Promise<void> => {
    const askedAt = Date.now();
    try {
      await fetchPiece(world, ref, { partial, next });
      finishPiece(assembly, next, { now: instant(Date.now()), ms: Date.now() - askedAt });
    } catch (error) {
      const lied = error instanceof PocketgridError && error.refusal.code === 'blob-hash';
      const wasGivenUp = isGivenUp(assembly, next.source);
      const hopeful = failPiece(assembly, next, lied);
      if (!wasGivenUp && isGivenUp(assembly, next.source) && !isBusy(error)) on.failed(next.source);
      if (!hopeful || isStoreFailure(error)) failure ??= error;
    }
  };
  const open = new Set<Promise<void>>();
  const askMore = (): void => {
    const connected = world.peers?.holders(ref.root) ?? [];
    for (const next of planRequests(assembly, instant(Date.now()), connected)) {
      const asked = ask(next).finally(() => open.delete(asked));
      open.add(asked);
    }
  };
  // Unwanted pieces on their way are let in: the blob may be wanted again before they are here.
  while (assembly.missing.size > 0 && failure === undefined && (wanted() || open.size > 0)) {
    if (Date.now() - startedAt > FETCH_MS_MAX) failure = late();
    else if (wanted()) askMore();
    await Promise.race([...open, pause(POLL_MS)]);
    if (Date.now() - toldAt >= PROGRESS_MS) {
      toldAt = Date.now();
      on.progress();
    }
  }
  // Nothing is written after the end of a run; every request has a deadline of its own.
  await Promise.all(open);
  on.progress();
  if (failure !== undefined) throw failure;
}

const late = (): PocketgridError =>
  fault('download-failed', 'the download took longer than 15 minutes; it is tried again');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The device's own store failed; no source is at fault. */
const isStoreFailure = (error: unknown): boolean =>
  error instanceof PocketgridError &&
  (error.refusal.code === 'disk-full' || error.refusal.code === 'storage-failed');

/** It serves others at the moment: a peer without fault. */
const isBusy = (error: unknown): boolean =>
  error instanceof PocketgridError && error.refusal.code === 'busy';

function throwStoreFailure(error: unknown): never {
  if (isStoreFailure(error)) throw error;
  const what = error instanceof Error ? error.message : String(error);
  throw fault('storage-failed', `the blob could not be kept: ${what}; free some disk space`);
}

async function fetchPiece(
  world: PieceWorld,
  ref: BlobRef,
  { partial, next }: { partial: Partial; next: Wanted },
): Promise<void> {
  const { offset, length } = pieceRange(ref.length, next.piece);
  const range = { root: ref.root, offset, length };
  const data =
    next.source === HTTPS || world.peers === undefined
      ? await world.http.range(ref.root, offset, length)
      : await world.peers.request(next.source, range);
  const hash = digestPiece({ length: ref.length, index: next.piece, data });
  const at = next.piece * DIGEST_BYTES;
  const expected =
    partial.layer.length > 0 ? partial.layer.subarray(at, at + DIGEST_BYTES) : undefined;
  if (!isHash(hash, expected, ref.root)) {
    throw fault('blob-hash', `piece ${next.piece} from ${next.source} is not it`);
  }
  await world.cache.write(ref, offset, data).catch(throwStoreFailure);
  partial.received += length;
  if (next.source === HTTPS) partial.overHttps += length;
  else partial.overPeers += length;
}

/** A blob of one piece is checked against its root itself. */
function isHash(hash: Uint8Array, expected: Uint8Array | undefined, root: Root): boolean {
  if (expected !== undefined) return hash.every((byte, at) => byte === expected[at]);
  return bytesToHex(hash) === root;
}
