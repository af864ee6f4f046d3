import { beforeAll, expect, it } from 'vitest';
import { openFileTree } from '#protocol/bytes/file-tree.ts';
import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { decodePeerFrame, encodePeerFrame, PEER_CHANNEL } from '#protocol/messages/peer-frame.ts';
import { openPeer } from '../peering/peer-node.ts';
import { makeFakeKey, openFakeSession } from '../sockets/fake-client.ts';
import { fakeModel, postFakeJob } from '../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../test-hub.ts';

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));

const tree = openFileTree();
tree.push(fakeModel);
const { root } = tree.finish();

beforeAll(async () => {
  expect((await postFakeJob(hub, { units: 1 })).status).toBe(201);
});

it('a hub serves the model by its root, whole, by range, by condition, and its pieces', async () => {
  const url = `/v1/blobs/${root}`;
  const whole = await hub.call(url);
  expect(Buffer.from(await whole.arrayBuffer()).equals(fakeModel)).toBe(true);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    etag: `"${root}"`,
    'accept-ranges': 'bytes',
    'content-length': String(fakeModel.length),
    'cache-control': 'private, max-age=31536000, immutable',
  });
  const tail = await hub.call(url, { headers: { Range: 'bytes=-5' } });
  expect(tail.status).toBe(206);
  expect(Buffer.from(await tail.arrayBuffer()).equals(fakeModel.subarray(-5))).toBe(true);
  const past = await hub.call(url, { headers: { Range: 'bytes=999999-' } });
  expect(past.headers.get('content-range')).toBe(`bytes */${fakeModel.length}`);
  expect(await refusalOf(past)).toEqual({ status: 416, code: 'range-invalid' });
  expect((await hub.call(url, { headers: { 'If-None-Match': `"${root}"` } })).status).toBe(304);
  const other = { Range: 'bytes=0-1', 'If-Range': '"another"' };
  expect((await hub.call(url, { headers: other })).status).toBe(200);
  const head = await hub.call(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([
    200,
    String(fakeModel.length),
  ]);
  expect((await (await hub.call(`${url}/pieces`)).arrayBuffer()).byteLength).toBe(0);
  const unknown = await hub.call(`/v1/blobs/${'00'.repeat(32)}`);
  expect(await refusalOf(unknown)).toEqual({ status: 404, code: 'blob-unknown' });
});

// On a busy machine a WebRTC handshake is lost now and then: devices try again, and so does this.
const handshake = { retry: 3, timeout: 20_000 };
it(
  'a hub seeds the model over WebRTC to a device it welcomed, by the names in the welcome',
  handshake,
  async () => {
    const device = await openFakeSession(hub.url, 'contributor');
    const { peer: id = '', seeder = '' } = device.welcome;
    const { hostname: host, port } = new URL(hub.url);
    const address = {
      host,
      port: Number(port),
      token: 'own',
      iceServers: [],
      path: SIGNALLING_PATH,
    };
    const peer = openPeer(id, address);
    await new Promise<void>((resolve) => peer.on('open', resolve));
    const connection = peer.connect(seeder, { serialization: 'raw', reliable: true });
    const channel = connection.peerConnection.createDataChannel(PEER_CHANNEL.label, {
      negotiated: true,
      id: PEER_CHANNEL.id,
    });
    channel.binaryType = 'arraybuffer';
    await new Promise<void>((resolve) => channel.addEventListener('open', () => resolve()));
    const answer = new Promise<unknown>((resolve) => {
      channel.addEventListener('message', ({ data }) => resolve(data));
    });
    const before = { ...hub.counters };
    const want = { type: 'want', request: 1, root, offset: 0 } as const;
    channel.send(encodePeerFrame({ ...want, length: fakeModel.length }));
    const frame = decodePeerFrame(new Uint8Array((await answer) as ArrayBuffer));
    if (!frame.ok || frame.value.type !== 'data') throw new Error('no data frame');
    expect(Buffer.from(frame.value.payload).equals(fakeModel)).toBe(true);
    expect(hub.counters.blobBytesWebrtc - before.blobBytesWebrtc).toBe(fakeModel.length);
    expect(hub.counters.blobBytesHttps).toBe(before.blobBytesHttps);
    const left = new Promise<void>((resolve) => peer.on('disconnected', resolve));
    device.socket.close();
    await left;
    peer.destroy();
  },
);
