import { DIGEST_BYTES, sha256 } from '#protocol/digest.ts';
import { checkPieceLayer, digestPiece, pieceCount, pieceRange } from '#protocol/file-tree.ts';
import type { Root } from '#protocol/ids.ts';
import type { BlobRef } from '#protocol/package.ts';
import { PEER_WANT_BYTES_MAX } from '#protocol/peer-frame.ts';
import { PocketgridError, type Refusal, refusal } from '#protocol/refusal.ts';
import { bytes, instant } from '#protocol/units.ts';
import {
  type Assembly,
  failPiece,
  finishPiece,
  HTTPS,
  openAssembly,
  planRequests,
  type Wanted,
} from '../core/assembly.ts';
import type { ContributorEvent, FetchId, FetchTarget } from '../core/events.ts';
import type { HttpSource } from './http-source.ts';
import type { BlobCache, PeerLinks } from './ports.ts';

const POLL_MS = 100;
const PROGRESS_MS = 250;
const FETCH_MS_MAX = 15 * 60_000;

export interface Downloads {
  start(fetch: FetchId, target: FetchTarget, wantBytes: boolean): void;
  cancel(fetch: FetchId): void;
  close(): void;
}

interface World {
  cache: BlobCache;
  http: HttpSource;
  peers: PeerLinks | undefined;
  post(event: ContributorEvent): void;
}

/** What of a blob is here already: a download that broke off goes on with the pieces it lacks. */
interface Partial {
  assembly: Assembly;
  layer: Uint8Array;
  received: number;
  overPeers: number;
  overHttps: number;
  run?: Promise<void>;
}
const PARTIALS_MAX = 16;

/** Fetches blobs and unit ranges for the core, each byte checked against a hash before use. */
export function openDownloads(world: World): Downloads {
  const { cache, post } = world;
  const live = new Set<FetchId>();
  const partials = new Map<Root, Partial>();

  const fetchBlob = async (fetch: FetchId, ref: BlobRef): Promise<void> => {
    if (await cache.has(ref)) return;
    const partial = partials.get(ref.root) ?? (await openPartial(world, ref));
    partials.set(ref.root, partial);
    if (partials.size > PARTIALS_MAX) partials.delete([...partials.keys()][0] ?? ref.root);
    partial.run ??= assemble(world, ref, {
      partial,
      wanted: () => live.has(fetch),
      progress: () => post(progress(fetch, partial)),
    }).finally(() => {
      delete partial.run;
    });
    await partial.run;
    if (partial.assembly.missing.size > 0) return;
    await cache.finish(ref);
    partials.delete(ref.root);
  };

  const perform = async (fetch: FetchId, target: FetchTarget, wantBytes: boolean) => {
    if (target.kind === 'units') return fetchUnits(world, target);
    await fetchBlob(fetch, target.ref);
    return wantBytes && live.has(fetch)
      ? cache.read(target.ref.root, 0, target.ref.length)
      : undefined;
  };

  return {
    start(fetch, target, wantBytes) {
      live.add(fetch);
      perform(fetch, target, wantBytes)
        .then((data) => {
          if (!live.delete(fetch)) return;
          post({ type: 'fetched', fetch, ...(data === undefined ? {} : { bytes: data }) });
        })
        .catch((error: unknown) => {
          if (live.delete(fetch)) post({ type: 'fetch-failed', fetch, refusal: refusalOf(error) });
        });
    },
    cancel(fetch) {
      live.delete(fetch);
    },
    close() {
      live.clear();
    },
  };
}

function progress(fetch: FetchId, { received, overPeers, overHttps }: Partial): ContributorEvent {
  return {
    type: 'fetch-progress',
    fetch,
    received: bytes(received),
    overPeers: bytes(overPeers),
    overHttps: bytes(overHttps),
  };
}

async function openPartial(world: World, ref: BlobRef): Promise<Partial> {
  const pieces = pieceCount(ref.length);
  const layer = pieces > 1 ? await world.http.pieces(ref.root) : new Uint8Array();
  if (pieces > 1 && !checkPieceLayer(ref, layer)) {
    throw new PocketgridError(refusal('blob-hash', 'the piece hashes do not belong to this blob'));
  }
  const assembly = openAssembly(pieces, instant(Date.now()));
  return { assembly, layer, received: 0, overPeers: 0, overHttps: 0 };
}

/** Asks sources for pieces until all are here, nobody wants them any more, or HTTPS keeps failing. */
async function assemble(
  world: World,
  ref: BlobRef,
  on: { partial: Partial; wanted(): boolean; progress(): void },
): Promise<void> {
  const { partial, wanted } = on;
  const { assembly } = partial;
  const startedAt = Date.now();
  assembly.lastPieceAt = instant(startedAt);
  assembly.httpsFailures = 0;
  let failure: Error | undefined;
  let toldAt = 0;
  const ask = async (next: Wanted): Promise<void> => {
    const askedAt = Date.now();
    try {
      await fetchPiece(world, ref, { partial, next });
      finishPiece(assembly, next, { now: instant(Date.now()), ms: Date.now() - askedAt });
    } catch (error) {
      const lied = error instanceof PocketgridError && error.refusal.code === 'blob-hash';
      if (!failPiece(assembly, next, lied)) failure = error instanceof Error ? error : undefined;
    }
  };
  const open = new Set<Promise<void>>();
  while (assembly.missing.size > 0 && wanted()) {
    if (failure !== undefined) throw failure;
    if (Date.now() - startedAt > FETCH_MS_MAX) throw late();
    const connected = world.peers?.holders(ref.root) ?? [];
    const possible = world.peers?.possible() ?? false;
    for (const next of planRequests(assembly, instant(Date.now()), { connected, possible })) {
      const asked = ask(next).finally(() => open.delete(asked));
      open.add(asked);
    }
    await Promise.race([...open, pause(POLL_MS)]);
    if (Date.now() - toldAt >= PROGRESS_MS) {
      toldAt = Date.now();
      on.progress();
    }
  }
  on.progress();
}

const late = (): PocketgridError =>
  new PocketgridError(refusal('download-failed', 'the download took longer than 15 minutes'));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function fetchPiece(
  world: World,
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
    throw new PocketgridError(
      refusal('blob-hash', `piece ${next.piece} from ${next.source} is not it`),
    );
  }
  await world.cache.write(ref, offset, data);
  partial.received += length;
  if (next.source === HTTPS) partial.overHttps += length;
  else partial.overPeers += length;
}

/** A blob of one piece is checked against its root itself. */
function isHash(hash: Uint8Array, expected: Uint8Array | undefined, root: Root): boolean {
  if (expected !== undefined) return hash.every((byte, at) => byte === expected[at]);
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('') === root;
}

/** Input units of a shard: over the seeder's channel when it is there, else over HTTPS. */
async function fetchUnits(
  world: World,
  target: Extract<FetchTarget, { kind: 'units' }>,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = (target.digests.length / DIGEST_BYTES) * target.unitBytes;
  const [peer] = world.peers?.holders(target.root) ?? [];
  if (peer !== undefined && world.peers !== undefined) {
    const data = await fetchFromPeer(world.peers, peer, { ...target, length }).catch(
      () => undefined,
    );
    if (data !== undefined && hasDigests(data, target)) return data;
  }
  const data = await world.http.range(target.root, target.offset, length);
  if (hasDigests(data, target)) return data;
  throw new PocketgridError(refusal('blob-hash', 'the inputs are not those the lease names'));
}

async function fetchFromPeer(
  peers: PeerLinks,
  peer: string,
  range: { root: Root; offset: number; length: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(range.length);
  for (let at = 0; at < range.length; at += PEER_WANT_BYTES_MAX) {
    const length = Math.min(PEER_WANT_BYTES_MAX, range.length - at);
    data.set(
      await peers.request(peer, { root: range.root, offset: range.offset + at, length }),
      at,
    );
  }
  return data;
}

function hasDigests(
  data: Uint8Array,
  { unitBytes, digests }: { unitBytes: number; digests: Uint8Array },
): boolean {
  for (let unit = 0; unit * DIGEST_BYTES < digests.length; unit += 1) {
    const hash = sha256(data.subarray(unit * unitBytes, (unit + 1) * unitBytes));
    if (hash.some((byte, at) => byte !== digests[unit * DIGEST_BYTES + at])) return false;
  }
  return true;
}

const refusalOf = (error: unknown): Refusal =>
  error instanceof PocketgridError
    ? error.refusal
    : refusal('download-failed', error instanceof Error ? error.message : String(error));
