import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { PEER_CHANNEL } from '#protocol/messages/peer-frame.ts';
import type { PeerId, Root } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import { openListener } from '../listener.ts';
import { openLog } from '../process/log.ts';
import { openCounters } from '../process/metrics.ts';
import { openSeeder } from './seeder.ts';
import { openSignalling } from './signalling.ts';

const log = openLog('silent');
const blob = Uint8Array.from({ length: 1024 * 1024 + 5 }, (_, at) => (at * 7 + (at >> 11)) & 255);
const fakeBlobs = {
  stat: async () => blob.length,
  async stream(_: Root, offset: number, length: number) {
    async function* chunks() {
      yield blob.subarray(offset, offset + length);
    }
    return accept(chunks());
  },
};

/** Runs in the page: PeerJS to the seeder, our own channel beside its, one `want`. */
interface Ask {
  id: string;
  seeder: string;
  path: string;
  label: string;
  channelId: number;
  length: number;
}
const IN_PAGE = `(ask) => new Promise((resolve, reject) => {
  const peer = new peerjs.Peer(ask.id, {
    host: location.hostname, port: Number(location.port), path: ask.path, secure: false,
    token: 'page', config: { iceServers: [] },
  });
  peer.on('error', (error) => reject(String(error)));
  peer.on('open', () => {
    const connection = peer.connect(ask.seeder, { serialization: 'raw', reliable: true });
    const channel = connection.peerConnection.createDataChannel(ask.label, {
      negotiated: true, id: ask.channelId,
    });
    channel.binaryType = 'arraybuffer';
    const got = new Uint8Array(ask.length);
    let received = 0;
    channel.onopen = () => {
      const want = new DataView(new ArrayBuffer(49));
      want.setUint8(0, 1);
      want.setUint32(1, 5, true);
      for (let at = 5; at < 37; at += 1) want.setUint8(at, 0xab);
      want.setUint32(45, ask.length, true);
      channel.send(want.buffer);
    };
    channel.onmessage = async ({ data }) => {
      const view = new DataView(data);
      if (view.getUint8(0) !== 2) return reject('no data frame');
      got.set(new Uint8Array(data, 13), Number(view.getBigUint64(5, true)));
      received += data.byteLength - 13;
      if (received < ask.length) return;
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', got));
      resolve([...hash].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
    };
  });
})`;

it('serves a page in Chromium', async () => {
  const counters = openCounters();
  const signalling = openSignalling({ counters, log });
  const require = createRequire(import.meta.url);
  const script = await readFile(
    require.resolve('peerjs').replace(/bundler\.[cm]js$/, 'peerjs.min.js'),
  );
  const listener = await openListener({
    host: '127.0.0.1',
    port: 0,
    certificate: undefined,
    answer: (request, response) =>
      request.url === '/peerjs.js'
        ? response.setHeader('Content-Type', 'text/javascript').end(script)
        : response.setHeader('Content-Type', 'text/html').end('<script src="/peerjs.js"></script>'),
    control: ({ socket }) => socket.destroy(),
    signalling: signalling.upgrade,
  });
  const seederId = 'hub-seeder' as PeerId;
  signalling.allow(seederId, 'secret');
  signalling.allow('d-page' as PeerId, 'page');
  const at = { host: '127.0.0.1', port: listener.port, reach: 'internet' as const };
  const address = { ...at, token: 'secret', iceServers: [] };
  const seeder = openSeeder({
    peer: seederId,
    address,
    blobs: fakeBlobs,
    mayServe: async () => true,
    counters,
    log,
  });
  const browser = await chromium.launch({
    executablePath: process.env['POCKETGRID_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${listener.port}/`);
    const { label, id: channelId } = PEER_CHANNEL;
    const ask: Ask = {
      id: 'd-page',
      seeder: seederId,
      path: SIGNALLING_PATH,
      label,
      channelId,
      length: blob.length,
    };
    const hash = await page.evaluate(`(${IN_PAGE})(${JSON.stringify(ask)})`);
    expect(hash).toBe(createHash('sha256').update(blob).digest('hex'));
    expect(counters.blobBytesWebrtc).toBe(blob.length);
  } finally {
    await browser.close();
    seeder.close();
    signalling.close();
    listener.dropConnections();
    await listener.drain();
  }
}, 60_000);
