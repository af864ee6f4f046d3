import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DIGEST_BYTES, sha256 } from '#protocol/bytes/digest.ts';
import { buildFileTree, PIECE_BYTES } from '#protocol/bytes/file-tree.ts';
import { fault } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import type { ContributorEvent, FetchTarget } from '../core/events.ts';
import { openDownloads } from './downloads.ts';
import { openHttpSource } from './http-source.ts';
import { openMemoryCache } from './memory-cache.ts';
import { fakeHub } from './node/fake-hub.ts';
import type { BlobCache, PeerLinks } from './ports.ts';

const PIECES = 5;
const data = new Uint8Array((PIECES - 1) * PIECE_BYTES + 1_000).map((_, at) => (at * 7) & 0xff);
const tree = buildFileTree(data);
const ref = { root: tree.root, length: bytes(data.length) };
const blob: FetchTarget = { kind: 'blob', ref };

let hub: Awaited<ReturnType<typeof fakeHub>>;
beforeEach(async () => {
  hub = await fakeHub({ root: tree.root, data, layer: tree.pieces });
});
afterEach(() => hub.close());

type Answer = (range: { offset: number; length: number }) => Uint8Array<ArrayBuffer>;

/** One peer that is connected from the start. */
function fakePeers(answer: Answer): PeerLinks {
  return {
    holders: () => ['peer'],
    request: async (_peer, range) => answer(range),
    join: () => undefined,
    addHolders: () => undefined,
    letGo: () => undefined,
    leave: () => undefined,
  };
}
const honest: Answer = ({ offset, length }) => data.slice(offset, offset + length);

function openWorld({ peers, cache }: { peers?: PeerLinks; cache?: BlobCache } = {}) {
  const events: ContributorEvent[] = [];
  const downloads = openDownloads({
    cache: cache ?? openMemoryCache(10_000_000),
    http: openHttpSource(hub.url),
    peers,
    post: (event) => events.push(event),
  });
  const ended = (fetch: number) =>
    vi.waitUntil(
      () =>
        events.find(
          (event) =>
            (event.type === 'fetched' || event.type === 'fetch-failed') && event.fetch === fetch,
        ),
      { timeout: 20_000, interval: 10 },
    );
  /** How a fetch stood when it was last told. */
  const told = (fetch: number) =>
    events.findLast((event) => event.type === 'fetch-progress' && event.fetch === fetch);
  return { downloads, events, ended, told };
}

function expectBytes(event: ContributorEvent, expected: Uint8Array): void {
  if (event.type !== 'fetched') throw new Error(`it ended as ${JSON.stringify(event)}`);
  expect(event.bytes?.length).toBe(expected.length);
  expect(event.bytes?.every((byte, at) => byte === expected[at])).toBe(true);
}

test('a brief blob never lies in the store of a device', async () => {
  const cache = openMemoryCache(10_000_000);
  const { downloads, ended } = openWorld({ cache });
  downloads.start(1, { ...blob, brief: true }, true);
  expectBytes(await ended(1), data);
  expect(await cache.has(ref)).toBe(false);
  downloads.start(2, blob, false);
  await ended(2);
  expect(await cache.has(ref)).toBe(true);
});

test('a blob without peers comes over HTTPS, each piece once', async () => {
  const { downloads, ended, told } = openWorld();
  downloads.start(1, blob, true);
  expectBytes(await ended(1), data);
  expect(told(1)).toMatchObject({ received: data.length, overHttps: data.length, overPeers: 0 });
  expect(hub.asked.length).toBe(PIECES);
  downloads.start(2, blob, false);
  expect(await ended(2)).toEqual({ type: 'fetched', fetch: 2 });
  expect(hub.asked.length).toBe(PIECES);
});

test('an honest peer brings everything', async () => {
  const { downloads, ended, told } = openWorld({ peers: fakePeers(honest) });
  downloads.start(1, blob, true);
  expectBytes(await ended(1), data);
  expect(told(1)).toMatchObject({ overPeers: data.length, overHttps: 0 });
  expect(hub.asked).toEqual([]);
});

test('a piece with a wrong hash is refused and fetched elsewhere', async () => {
  const liar: Answer = ({ length }) => new Uint8Array(length);
  const letGo: string[] = [];
  const peers = { ...fakePeers(liar), letGo: (peer: string) => void letGo.push(peer) };
  const { downloads, events, ended, told } = openWorld({ peers });
  downloads.start(1, blob, true);
  expectBytes(await ended(1), data);
  expect(told(1)).toMatchObject({ overPeers: 0, overHttps: data.length });
  expect(letGo).toEqual(['peer']);
  const failed = { type: 'source-failed', root: ref.root, peer: 'peer' };
  expect(events.filter(({ type }) => type === 'source-failed')).toEqual([failed]);
});

test.each([
  ['is silent is reported', new Error('the peer is silent'), 1],
  ['is busy is not', fault('busy', 'the peer denies: busy'), 0],
])('a peer that %s', async (_, error, reports) => {
  const peers = fakePeers(() => {
    throw error;
  });
  const { downloads, events, ended } = openWorld({ peers });
  downloads.start(1, blob, true);
  expectBytes(await ended(1), data);
  expect(events.filter(({ type }) => type === 'source-failed')).toHaveLength(reports);
});

test('a broken connection fails the fetch; the next one goes on with what is missing', async () => {
  const { downloads, ended } = openWorld();
  hub.breakAfter(2);
  downloads.start(1, blob, false);
  expect(await ended(1)).toMatchObject({ refusal: { code: 'download-failed' } });
  hub.heal();
  const before = hub.asked.length;
  downloads.start(2, blob, true);
  expectBytes(await ended(2), data);
  expect(hub.asked.length - before).toBe(PIECES - 2);
});

test('a fetch asked again while its cancelled one winds down waits for the whole blob', async () => {
  const { downloads, events, ended } = openWorld();
  hub.hold();
  downloads.start(1, blob, false);
  await vi.waitUntil(() => hub.asked.length > 0);
  downloads.cancel(1);
  downloads.start(2, blob, true);
  // Longer than a poll: the assembly of the first fetch has noticed that it is not wanted.
  await new Promise((resolve) => setTimeout(resolve, 250));
  hub.heal();
  expectBytes(await ended(2), data);
  expect(events.filter((event) => 'fetch' in event && event.fetch === 1)).toEqual([]);
  expect(hub.asked.length).toBe(PIECES);
});

test('a fetch cancelled, wound down and asked again brings the rest', async () => {
  const { downloads, ended } = openWorld();
  hub.hold();
  downloads.start(1, blob, false);
  await vi.waitUntil(() => hub.asked.length === 2);
  downloads.cancel(1);
  hub.heal();
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(hub.asked.length).toBe(2);
  downloads.start(2, blob, true);
  expectBytes(await ended(2), data);
  expect(hub.asked.length).toBe(PIECES);
});

test('fetches of one blob share one assembly that goes on without the first', async () => {
  const { downloads, ended, told } = openWorld();
  hub.hold();
  for (const fetch of [1, 2, 3]) downloads.start(fetch, blob, fetch === 2);
  await vi.waitUntil(() => hub.asked.length > 0);
  downloads.cancel(1);
  hub.heal();
  expectBytes(await ended(2), data);
  expect(await ended(3)).toEqual({ type: 'fetched', fetch: 3 });
  expect(hub.asked.length).toBe(PIECES);
  expect(told(2)).toMatchObject({ received: data.length });
  expect(told(3)).toMatchObject({ received: data.length });
});

test('piece hashes of another blob are refused', async () => {
  hub.layer = new Uint8Array(PIECES * DIGEST_BYTES);
  const { downloads, ended } = openWorld();
  downloads.start(1, blob, false);
  expect(await ended(1)).toMatchObject({ refusal: { code: 'blob-hash' } });
});

test('a store that fails ends the fetch; the next one starts from nothing', async () => {
  const cache = openMemoryCache(10_000_000);
  let writes = 0;
  const fakeFull: BlobCache = {
    ...cache,
    write: async (...piece) => {
      writes += 1;
      if (writes === 3) throw new Error('no space left');
      return cache.write(...piece);
    },
  };
  const { downloads, ended } = openWorld({ cache: fakeFull });
  downloads.start(1, blob, false);
  expect(await ended(1)).toMatchObject({ refusal: { code: 'storage-failed' } });
  const before = hub.asked.length;
  downloads.start(2, blob, true);
  expectBytes(await ended(2), data);
  expect(hub.asked.length - before).toBe(PIECES);
});

const unitBytes = 1_000;
const first = 400;
const wanted = data.subarray(first, first + 3 * unitBytes);
const digests = new Uint8Array(3 * DIGEST_BYTES);
for (let unit = 0; unit < 3; unit += 1) {
  const of = wanted.subarray(unit * unitBytes, (unit + 1) * unitBytes);
  digests.set(sha256(of), unit * DIGEST_BYTES);
}
const units = (offset: number): FetchTarget => ({
  kind: 'units',
  root: tree.root,
  length: ref.length,
  offset: bytes(offset),
  unitBytes: bytes(unitBytes),
  digests,
});

test('input units come from a peer, or over HTTPS when the peer lies', async () => {
  const over = openWorld({ peers: fakePeers(honest) });
  over.downloads.start(1, units(first), true);
  expectBytes(await over.ended(1), wanted);
  expect(hub.asked).toEqual([]);
  const liar = openWorld({ peers: fakePeers(({ length }) => new Uint8Array(length)) });
  liar.downloads.start(1, units(first), true);
  expectBytes(await liar.ended(1), wanted);
  expect(hub.asked.length).toBe(1);
});

test('input units that are not those of the lease are refused', async () => {
  const { downloads, ended } = openWorld();
  downloads.start(1, units(first + 1), true);
  expect(await ended(1)).toMatchObject({ refusal: { code: 'blob-hash' } });
});

test('a blob that must be kept is not downloaded where it is not', async () => {
  const { downloads, ended } = openWorld();
  const kept: FetchTarget = { ...blob, kept: true };
  downloads.start(1, kept, false);
  expect(await ended(1)).toMatchObject({ refusal: { code: 'blob-unknown' } });
  downloads.start(2, blob, false);
  expect(await ended(2)).toMatchObject({ type: 'fetched' });
  downloads.start(3, kept, false);
  expect(await ended(3)).toMatchObject({ type: 'fetched' });
  downloads.close();
});
