import { beforeAll, describe, expect, it } from 'vitest';
import { openFileTree } from '#protocol/bytes/file-tree.ts';
import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { decodePeerFrame, encodePeerFrame, PEER_CHANNEL } from '#protocol/messages/peer-frame.ts';
import { openLog } from '../process/log.ts';
import { makeFakeKey, openFakeSession } from '../sockets/fake-client.ts';
import { fakeModel, openFakeDevice, postFakeJob, prepareFakeJob } from '../sockets/fake-job.ts';
import { openTestHub } from '../test-hub.ts';
import { openPeer } from './peer-node.ts';

const UNITS = 2_000;
const verifierKey = makeFakeKey();
/** Of seeders, as the hub's log tells them. */
const seederPids: number[] = [];
let joins = 0;
const log = {
  ...openLog('silent'),
  debug(fields: object, text: string) {
    if (text !== 'seeder joined') return;
    joins += 1;
    if ('pid' in fields) seederPids.push(Number(fields.pid));
  },
};
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key], seeds: true, log }));

const tree = openFileTree();
tree.push(fakeModel);
const { root } = tree.finish();

beforeAll(async () => {
  const posted = postFakeJob(hub, { units: UNITS, autoStart: true });
  expect((await posted).status).toBe(201);
  await prepareFakeJob(hub.url, verifierKey);
});

/** What a device gets of a blob over WebRTC, by the names in its welcome: bytes, or why not. */
async function fetchFromSeeder(wanted = root): Promise<Uint8Array | string> {
  const device = await openFakeSession(hub.url, 'contributor');
  const { peer: id = '', peerToken: token = '', seeder = '' } = device.welcome;
  const { hostname: host, port } = new URL(hub.url);
  const address = { host, port: Number(port), token, iceServers: [], path: SIGNALLING_PATH };
  const peer = openPeer(id, { ...address, reach: 'networks' });
  try {
    await new Promise<void>((resolve) => peer.on('open', resolve));
    const connection = peer.connect(seeder, { serialization: 'raw', reliable: true });
    const { label, id: channelId } = PEER_CHANNEL;
    const negotiated = { negotiated: true, id: channelId } as const;
    const channel = connection.peerConnection.createDataChannel(label, negotiated);
    channel.binaryType = 'arraybuffer';
    await new Promise<void>((resolve) => channel.addEventListener('open', () => resolve()));
    const answer = new Promise<unknown>((resolve) => {
      channel.addEventListener('message', ({ data }) => resolve(data));
    });
    const want = { type: 'want', request: 1, root: wanted, offset: 0 } as const;
    channel.send(encodePeerFrame({ ...want, length: fakeModel.length }));
    const frame = decodePeerFrame(new Uint8Array((await answer) as ArrayBuffer));
    if (!frame.ok || frame.value.type === 'want') throw new Error('no answer');
    const left = new Promise<void>((resolve) => peer.on('disconnected', resolve));
    device.socket.close();
    await left;
    return frame.value.type === 'data' ? frame.value.payload : frame.value.reason;
  } finally {
    peer.destroy();
  }
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
};

// On a busy machine a WebRTC handshake is lost now and then: devices try again, and so does this.
const handshake = { retry: 3, timeout: 30_000 };

describe('the seeder of a hub', () => {
  it('serves the model over WebRTC to a device, and its bytes are counted', handshake, async () => {
    const before = { ...hub.counters };
    expect(Buffer.from(await fetchFromSeeder()).equals(fakeModel)).toBe(true);
    const served = () => hub.counters.blobBytesWebrtc - before.blobBytesWebrtc;
    await until(() => served() > 0);
    expect(served()).toBe(fakeModel.length);
    expect(hub.counters.blobBytesHttps).toBe(before.blobBytesHttps);
  });

  it('serves no inputs to a device that has no lease on them', handshake, async () => {
    const device = await openFakeDevice(hub.url);
    const { lease } = await device.until('lease');
    expect(await fetchFromSeeder(lease.inputs.root)).toBe('unknown');
    device.socket.close();
  });

  it('is killed while leases go on, and comes back to serve', handshake, async () => {
    const device = await openFakeDevice(hub.url);
    await device.until('lease');
    const [before, restarts] = [joins, hub.counters.seederRestarts];
    const pid = seederPids.at(-1);
    if (pid === undefined) throw new Error('the log names no process of a seeder');
    process.kill(pid, 'SIGKILL');
    await until(() => hub.counters.seederRestarts > restarts);
    device.say({ type: 'request' });
    expect((await device.until('lease')).lease.unitCount).toBeGreaterThan(0);
    await until(() => joins > before);
    expect(seederPids.at(-1)).not.toBe(pid);
    expect(Buffer.from(await fetchFromSeeder()).equals(fakeModel)).toBe(true);
    device.socket.close();
  });

  it('serves on HTTPS on the network as well', async () => {
    await hub.close();
    const before = joins;
    await hub.open({ lan: true });
    await until(() => joins > before);
    expect(hub.url).toMatch(/^https:/);
  });
});
