import nodeDataChannel from 'node-datachannel/polyfill';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { buildFileTree } from '#protocol/bytes/file-tree.ts';
import { encodePeerFrame, PEER_CHANNEL } from '#protocol/messages/peer-frame.ts';
import type { Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { openMemoryCache } from '../memory-cache.ts';
import type { BlobCache } from '../ports.ts';
import { openPeerChannel } from './peer-channel.ts';

const data = new Uint8Array(3_000_000).map((_, at) => (at * 13) & 0xff);
const ref = { root: buildFileTree(data).root, length: bytes(data.length) };

let ends: RTCPeerConnection[] = [];
let one: RTCDataChannel;
let other: RTCDataChannel;

/** Two ends of one real WebRTC channel in this process, as peers of a grid have it. */
beforeEach(async () => {
  // ICE in a busy process now and then finds no pair; a page tries again as well.
  for (let tries = 1; ; tries += 1) {
    try {
      return await connectEnds();
    } catch (error) {
      closeEnds();
      if (tries === 3) throw error;
    }
  }
}, 60_000);
afterEach(closeEnds);

async function connectEnds(): Promise<void> {
  const Connection = nodeDataChannel.RTCPeerConnection as unknown as typeof RTCPeerConnection;
  const [left, right] = [new Connection({ iceServers: [] }), new Connection({ iceServers: [] })];
  ends = [left, right];
  const options = { negotiated: true, id: PEER_CHANNEL.id };
  // libdatachannel offers and answers by itself: a channel made too early would be a second offer.
  one = left.createDataChannel(PEER_CHANNEL.label, options);
  await left.createOffer();
  await right.setRemoteDescription(await gathered(left));
  other = right.createDataChannel(PEER_CHANNEL.label, options);
  await right.createAnswer();
  await left.setRemoteDescription(await gathered(right));
  await vi.waitUntil(() => one.readyState === 'open' && other.readyState === 'open', 10_000);
}

function closeEnds(): void {
  for (const end of ends) end.close();
  ends = [];
}

/** The description with all candidates in it, so that none has to be sent by itself. */
async function gathered(end: RTCPeerConnection): Promise<RTCSessionDescription> {
  await vi.waitUntil(() => end.iceGatheringState === 'complete', 20_000);
  if (end.localDescription === null) throw new Error('there is no local description');
  return end.localDescription;
}
async function openEnds(serving: BlobCache) {
  const served: number[] = [];
  const closed: string[] = [];
  const asker = openPeerChannel(one, {
    cache: openMemoryCache(1),
    served: () => undefined,
    closed: () => closed.push('one'),
  });
  openPeerChannel(other, {
    cache: serving,
    served: (length) => served.push(length),
    closed: () => closed.push('other'),
  });
  return { asker, served, closed };
}

async function openHolder(): Promise<BlobCache> {
  const cache = openMemoryCache(10_000_000);
  await cache.write(ref, 0, data);
  await cache.finish(ref);
  return cache;
}

test('a range arrives whole, and past ends and unknown blobs are denied', async () => {
  const { asker, served } = await openEnds(await openHolder());
  const got = await asker.request({ root: ref.root, offset: 5, length: 2_900_000 });
  expect(got.every((byte, at) => byte === data[at + 5])).toBe(true);
  expect(served.reduce((sum, length) => sum + length, 0)).toBe(2_900_000);
  await expect(
    asker.request({ root: ref.root, offset: data.length - 1, length: 2 }),
  ).rejects.toThrow('the peer denies: range');
  await expect(
    asker.request({ root: 'ef'.repeat(32) as Root, offset: 0, length: 2 }),
  ).rejects.toThrow('the peer denies: unknown');
});

test('more wishes at once than a peer serves are denied as busy', async () => {
  const cache = await openHolder();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fakeSlow: BlobCache = {
    ...cache,
    read: (...range) => released.then(() => cache.read(...range)),
  };
  const { asker } = await openEnds(fakeSlow);
  const wish = (offset: number) => asker.request({ root: ref.root, offset, length: 100_000 });
  const served = [wish(0), wish(1), wish(2), wish(3)];
  await expect(wish(4)).rejects.toThrow('the peer denies: busy');
  release();
  expect((await Promise.all(served)).map((each) => each.length)).toEqual(Array(4).fill(100_000));
});

test('bytes that were not asked for are refused', async () => {
  const { asker } = await openEnds(await openHolder());
  other.onmessage = () => {
    const payload = new Uint8Array(4);
    other.send(encodePeerFrame({ type: 'data', request: 1, offset: 99, payload }));
  };
  await expect(asker.request({ root: ref.root, offset: 0, length: 8 })).rejects.toThrow(
    'not asked for',
  );
});

test('a peer that sends what is no frame is let go, and its wishes fail', async () => {
  const { asker, closed } = await openEnds(await openHolder());
  other.onmessage = () => other.send(new Uint8Array([9, 9, 9, 9, 9, 9]));
  await expect(asker.request({ root: ref.root, offset: 0, length: 8 })).rejects.toThrow(
    'the peer has gone',
  );
  expect(closed).toContain('one');
  expect(asker.isOpen()).toBe(false);
});
