import type { BlobRef } from '#protocol/models/package.ts';
import type { PeerId, Root } from '#protocol/values/ids.ts';
import { fault, PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import type { ContributorEvent, FetchId, FetchTarget } from '../core/events.ts';
import {
  type BlobDownload,
  type BlobProgress,
  openBlobDownload,
  type PieceWorld,
} from './blob-download.ts';
import { openMemoryCache } from './memory-cache.ts';
import { openUnitInputs } from './unit-inputs.ts';

/** Blobs whose pieces are remembered after their fetch was cancelled or failed. */
const BROKEN_OFF_MAX = 16;

/** Known answers on their way: the oldest are fetched again. */
const BRIEF_BYTES_MAX = 256 * 2 ** 20;

export interface Downloads {
  start(fetch: FetchId, target: FetchTarget, wantBytes: boolean): void;
  cancel(fetch: FetchId): void;
  close(): void;
}

interface World extends PieceWorld {
  post(event: ContributorEvent): void;
}

/** Fetches blobs and unit ranges for the core, each byte checked against a hash before use. */
export function openDownloads(world: World): Downloads {
  const { cache, post } = world;
  const live = new Set<FetchId>();
  const blobs = openBlobs(world, live);
  // Known answers hold a developer's inputs: they are asked for at once and never lie on a disk.
  const briefStore = openMemoryCache(BRIEF_BYTES_MAX);
  const briefBlobs = openBlobs({ ...world, cache: briefStore }, live);
  const fetchUnits = openUnitInputs(world);

  const perform = async (fetch: FetchId, target: FetchTarget, wantBytes: boolean) => {
    if (target.kind === 'units') return fetchUnits(target);
    const { ref, brief = false } = target;
    const [from, store] = brief ? [briefBlobs, briefStore] : [blobs, cache];
    if (target.kept && !(await store.has(ref))) {
      throw fault('blob-unknown', `blob ${ref.root} is not kept here, and is not to be fetched`);
    }
    await from.fetch(fetch, ref);
    const data =
      wantBytes && live.has(fetch) ? await store.read(ref.root, 0, ref.length) : undefined;
    if (brief && !from.isWanted(ref.root)) await store.remove(ref.root);
    return data;
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
          if (live.delete(fetch))
            post({ type: 'fetch-failed', fetch, refusal: downloadRefusal(error) });
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

/** The blobs under way: fetches of one blob share its download while any of them is live. */
function openBlobs(world: World, live: ReadonlySet<FetchId>) {
  const blobs = new Map<Root, { download: BlobDownload; waiting: Set<FetchId> }>();

  const openBlob = (ref: BlobRef) => {
    const waiting = new Set<FetchId>();
    const liveOnes = (): FetchId[] => [...waiting].filter((fetch) => live.has(fetch));
    const download = openBlobDownload(world, ref, {
      wanted: () => liveOnes().length > 0,
      progress(at) {
        for (const fetch of liveOnes()) world.post(progress(fetch, at));
      },
      failed(peer) {
        world.peers?.letGo(peer);
        world.post({ type: 'source-failed', root: ref.root, peer: peer as PeerId });
      },
    });
    return { download, waiting };
  };
  const forgetOldest = (): void => {
    for (const [root, { waiting, download }] of blobs) {
      if (blobs.size <= BROKEN_OFF_MAX) return;
      if (waiting.size === 0 && !download.isRunning()) blobs.delete(root);
    }
  };
  return {
    isWanted: (root: Root): boolean => (blobs.get(root)?.waiting.size ?? 0) > 0,
    /** Resolves when the blob is whole in the cache, or this fetch is no longer live. */
    async fetch(fetch: FetchId, ref: BlobRef): Promise<void> {
      const blob = blobs.get(ref.root) ?? openBlob(ref);
      blobs.set(ref.root, blob);
      blob.waiting.add(fetch);
      forgetOldest();
      try {
        // A run ends early when nobody wanted it for a moment; this fetch may have come after that.
        let whole = false;
        while (!whole && live.has(fetch)) whole = await blob.download.run();
        if (whole) blobs.delete(ref.root);
      } finally {
        blob.waiting.delete(fetch);
      }
    },
  };
}

function progress(
  fetch: FetchId,
  { received, overPeers, overHttps }: BlobProgress,
): ContributorEvent {
  return {
    type: 'fetch-progress',
    fetch,
    received: bytes(received),
    overPeers: bytes(overPeers),
    overHttps: bytes(overHttps),
  };
}

/** What is said of a download that ended by this error. */
export const downloadRefusal = (error: unknown): Refusal =>
  error instanceof PocketgridError
    ? error.refusal
    : refusal('download-failed', error instanceof Error ? error.message : String(error));
