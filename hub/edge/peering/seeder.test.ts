import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import {
  decodePeerFrame,
  encodePeerFrame,
  PEER_CHANNEL,
  PEER_WANT_BYTES_MAX,
  type PeerFrame,
} from '#protocol/messages/peer-frame.ts';
import type { PeerId, Root } from '#protocol/values/ids.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import { openLog } from '../process/log.ts';
import { openCounters } from '../process/metrics.ts';
import type { DataChannel } from './peer-channel.ts';
import { openPeer, type PeerLink } from './peer-node.ts';
import { openSeeder, type Seeder, type SeederOptions } from './seeder.ts';
import type { PeerWant } from './seeder-words.ts';
import { openSignalling, SIGNALLING_SOCKET_PATH, type Signalling } from './signalling.ts';

const log = openLog('silent');
const blob = Uint8Array.from(
  { length: 3 * 1024 * 1024 + 17 },
  (_, at) => (at * 31 + (at >> 9)) & 255,
);
const root = 'ab'.repeat(32) as Root;
const fakeBlobs = {
  stat: async (asked: Root) => (asked === root ? blob.length : undefined),
  async stream(asked: Root, offset: number, length: number) {
    if (asked !== root) return refuse('blob-unknown', 'no such blob');
    async function* chunks() {
      for (let at = offset; at < offset + length; at += 262_144) {
        yield blob.subarray(at, Math.min(at + 262_144, offset + length));
      }
    }
    return accept(chunks());
  },
};

let server: Server;
let signalling: Signalling;
let seeder: Seeder;
let peer: PeerLink;
const counters = openCounters();
const ids = { seeder: 'seeder-1' as PeerId, device: 'd-device-1' as PeerId };

async function openAll(changes: Partial<SeederOptions> = {}): Promise<void> {
  signalling = openSignalling({ counters, log });
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith(SIGNALLING_SOCKET_PATH))
      signalling.upgrade({ request, socket, head });
    else socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = {
    host: '127.0.0.1',
    port,
    token: 'secret',
    iceServers: [],
    reach: 'internet' as const,
  };
  signalling.allow(ids.seeder, 'secret');
  signalling.allow(ids.device, 'own');
  const mayServe = async (asked: PeerWant) => asked.root === root && asked.peer === ids.device;
  seeder = openSeeder({
    peer: ids.seeder,
    address,
    blobs: fakeBlobs,
    mayServe,
    counters,
    log,
    ...changes,
  });
  peer = openPeer(ids.device, {
    ...address,
    token: 'own',
    path: SIGNALLING_PATH,
    reach: 'networks',
  });
  await new Promise<void>((resolve, reject) => {
    peer.on('open', resolve);
    peer.on('error', reject);
  });
}

beforeEach(() => openAll());
afterEach(() => closeAll());

async function closeAll(): Promise<void> {
  peer.destroy();
  seeder.close();
  signalling.close();
  await new Promise((resolve) => server.close(resolve));
}

/** What PeerJS says to its PeerServer. */
interface Said {
  payload?: { sdp?: { type: string; sdp: string } };
}

/** A channel to the seeder, and the frames that come on it. */
async function connect(): Promise<{
  channel: DataChannel;
  next(): Promise<PeerFrame>;
  closed: Promise<void>;
}> {
  const connection = peer.connect(ids.seeder, { serialization: 'raw', reliable: true });
  const { label, id } = PEER_CHANNEL;
  const channel = connection.peerConnection.createDataChannel(label, { negotiated: true, id });
  channel.binaryType = 'arraybuffer';
  const frames: PeerFrame[] = [];
  let wake = () => {};
  channel.addEventListener('message', ({ data }) => {
    const frame = decodePeerFrame(new Uint8Array(data as ArrayBuffer));
    if (frame.ok) frames.push(frame.value);
    wake();
  });
  const closed = new Promise<void>((resolve) => channel.addEventListener('close', () => resolve()));
  await new Promise<void>((resolve) => channel.addEventListener('open', () => resolve()));
  return {
    channel,
    closed,
    async next() {
      while (frames.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return frames.shift() as PeerFrame;
    },
  };
}

/**
 * On a busy machine a WebRTC handshake is lost now and then: devices try again, and so do these.
 */
const HANDSHAKES = { retry: 3, timeout: 20_000 };

describe('seeder', HANDSHAKES, () => {
  it('serves a blob of 3 MiB to a peer over WebRTC and counts the bytes', async () => {
    const before = counters.blobBytesWebrtc;
    const { channel, next } = await connect();
    channel.send(
      encodePeerFrame({ type: 'want', request: 7, root, offset: 0, length: blob.length }),
    );
    const got = new Uint8Array(blob.length);
    for (let at = 0; at < blob.length; ) {
      const frame = await next();
      if (frame.type !== 'data') throw new Error(`unexpected ${frame.type}`);
      expect([frame.request, frame.offset]).toEqual([7, at]);
      got.set(frame.payload, at);
      at += frame.payload.length;
    }
    expect(Buffer.compare(got, blob)).toBe(0);
    expect(counters.blobBytesWebrtc - before).toBe(blob.length);
  });

  it('denies an unknown blob, a range past the end, and more wants than it keeps', async () => {
    const { channel, next } = await connect();
    const unknown = 'cd'.repeat(32) as Root;
    channel.send(
      encodePeerFrame({ type: 'want', request: 1, root: unknown, offset: 0, length: 1 }),
    );
    expect(await next()).toEqual({ type: 'deny', request: 1, reason: 'unknown' });
    channel.send(
      encodePeerFrame({ type: 'want', request: 2, root, offset: blob.length, length: 1 }),
    );
    expect(await next()).toEqual({ type: 'deny', request: 2, reason: 'range' });
    for (let request = 10; request < 60; request += 1) {
      channel.send(
        encodePeerFrame({ type: 'want', request, root, offset: 0, length: 2 * 1024 * 1024 }),
      );
    }
    let frame = await next();
    while (frame.type !== 'deny') frame = await next();
    expect(frame.reason).toBe('busy');
  });

  it('closes a channel that speaks another language', async () => {
    const { channel, closed } = await connect();
    channel.send(new Uint8Array([9, 9, 9, 9, 9, 9]));
    await closed;
  });

  it('cannot be joined under a name the hub did not give, nor as the seeder', async () => {
    const { port } = server.address() as AddressInfo;
    const reach = 'networks' as const;
    for (const [id, token] of [
      ['d-stranger', 'x'],
      [ids.device, 'guess'],
      [ids.seeder, 'guess'],
    ] as const) {
      const address = {
        host: '127.0.0.1',
        port,
        token,
        iceServers: [],
        path: SIGNALLING_PATH,
        reach,
      };
      const stranger = openPeer(id, address);
      const outcome = await new Promise<string>((resolve) => {
        stranger.on('open', () => resolve('open'));
        stranger.on('error', () => resolve('refused'));
        stranger.on('disconnected', () => resolve('refused'));
      });
      stranger.destroy();
      expect(outcome).toBe('refused');
    }
  });

  it('closes the oldest connection of a peer that opens a third', async () => {
    const first = await connect();
    const second = await connect();
    const third = await connect();
    await first.closed;
    expect([second.channel.readyState, third.channel.readyState]).toEqual(['open', 'open']);
  });

  it('frees the place of an offer that never opens', async () => {
    await closeAll();
    await openAll({ connectionsMax: 1, openDeadlineMs: 3_000 });
    const silent = peer.connect(ids.seeder, { serialization: 'raw', reliable: true });
    // It makes an offer and takes no answer.
    Object.assign(silent, { handleMessage: async () => undefined });
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    const { channel } = await connect();
    expect(channel.readyState).toBe('open');
    silent.close();
  });

  it('sends nothing to an address of this machine that a peer names', async () => {
    const named = createSocket('udp4');
    let heard = 0;
    named.on('message', () => {
      heard += 1;
    });
    await new Promise<void>((resolve) => named.bind(0, '127.0.0.1', resolve));
    const line = `a=candidate:9 1 UDP 2122252543 127.0.0.1 ${named.address().port} typ host\r\n`;
    const { socket } = peer as unknown as { socket: { send(said: Said): void } };
    const send = socket.send.bind(socket);
    let offered = false;
    socket.send = (said) => {
      const { payload } = said;
      if (payload?.sdp?.type === 'offer') {
        const { type, sdp } = payload.sdp;
        said.payload = { ...payload, sdp: { type, sdp: `${sdp}${line}` } };
        offered = true;
      }
      send(said);
    };
    const silent = peer.connect(ids.seeder, { serialization: 'raw', reliable: true });
    // Without an answer no other pair of addresses ends the search.
    Object.assign(silent, { handleMessage: async () => undefined });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    silent.close();
    await new Promise<void>((resolve) => named.close(resolve));
    expect([offered, heard]).toEqual([true, 0]);
  });

  it('wants no more than a frame may ask for', () => {
    expect(blob.length).toBeLessThanOrEqual(PEER_WANT_BYTES_MAX);
  });
});
