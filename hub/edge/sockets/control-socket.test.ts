import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '#node/verify.ts';
import { TEXT_BYTES_MAX } from '#protocol/messages/control.ts';
import type { Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { type Hub, openHub } from '../../core/hub.ts';
import { type Listener, openListener } from '../listener.ts';
import { type HubLoop, openLoop } from '../loop.ts';
import { openClock } from '../process/clock.ts';
import { openLog } from '../process/log.ts';
import { openCounters } from '../process/metrics.ts';
import { openGroupCommit } from '../store/group-commit.ts';
import { openMemoryStore } from '../store/store.ts';
import { loadAll } from '../store/store-world.ts';
import { type ControlLimits, type ControlSockets, openControlSockets } from './control-socket.ts';
import { openFakeClient, openFakeSession } from './fake-client.ts';
import { rejectUpgrade, WebSocket } from './web-socket.ts';

const log = openLog('silent');
const hubKey = 'ab'.repeat(32) as PublicKey;
let control: ControlSockets;
let loop: HubLoop;
let hub: Hub;
let listener: Listener;
let counters = openCounters();
const clients: WebSocket[] = [];

async function openAll(limits: Partial<ControlLimits> = {}): Promise<void> {
  counters = openCounters();
  const store = await openMemoryStore();
  const commit = openGroupCommit(store);
  hub = openHub(await loadAll(store), {
    hub: hubKey,
    checks: { type: 'flat', rate: 0.05 },
    beatMs: millis(15_000),
    iceServers: [],
    needsVerifier: true,
    barMs: millis(1000),
  });
  control = openControlSockets({ post: (event) => loop.post(event), counters, log, limits });
  loop = openLoop(hub, {
    clock: openClock(),
    world: {
      random: () => randomBytes(32).toString('hex') as Nonce,
      sign: () => '00'.repeat(64) as Signature,
      verify,
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    },
    append: commit.submit,
    keep: () => Promise.reject(new Error('nothing is kept here')),
    recut: () => Promise.reject(new Error('nothing is cut here')),
    mend: () => Promise.reject(new Error('nothing is mended here')),
    load: async () => undefined,
    send: control.send,
    close: control.close,
    peerGiven: () => undefined,
    socketGone: () => undefined,
    observeStore: () => undefined,
    counters,
    log,
  });
  listener = await openListener({
    host: '127.0.0.1',
    port: 0,
    certificate: undefined,
    answer: (_, response) => response.end(),
    control: control.upgrade,
    signalling: ({ socket }) => rejectUpgrade(socket, '404 Not Found', 'none'),
  });
}

beforeEach(() => openAll());
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  loop.stop();
  control.stop();
  await listener.drain();
});

const connect = () => {
  const client = openFakeClient(`ws://127.0.0.1:${listener.port}`);
  clients.push(client.socket);
  return client;
};

async function openSession() {
  const client = await openFakeSession(`ws://127.0.0.1:${listener.port}`, 'contributor');
  clients.push(client.socket);
  return client;
}

describe('control socket', () => {
  it('shakes hands and says why there is no work', async () => {
    const client = await openSession();
    client.say({ type: 'request' });
    expect(await client.next()).toMatchObject({ type: 'idle', reason: { code: 'no-jobs' } });
    expect(counters.socketsOpen).toBe(1);
  });

  it('refuses a hello whose signature is wrong', async () => {
    const client = connect();
    const challenge = await client.until('challenge');
    const nonce = '00'.repeat(32) as Nonce;
    client.say(client.hello({ ...challenge, nonce }, 'contributor'));
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'signature-wrong' });
    await client.closed;
  });

  it('declines what it cannot read and goes on', async () => {
    const client = await openSession();
    client.socket.send('{"type":"beat"');
    expect(await client.next()).toMatchObject({ type: 'declined', code: 'message-malformed' });
    client.say({ type: 'commit', lease: 'x', commitment: 'y', signature: 'z' });
    const declined = await client.next();
    expect(declined).toMatchObject({ type: 'declined', code: 'message-malformed' });
    expect(JSON.stringify(declined)).toContain('lease');
    client.socket.send(new Uint8Array([255, 255, 255, 255, 0]));
    expect(await client.next()).toMatchObject({ type: 'declined', code: 'message-malformed' });
    client.socket.send(`"${'x'.repeat(TEXT_BYTES_MAX)}"`);
    expect(await client.next()).toMatchObject({ type: 'declined', code: 'message-too-long' });
    client.say({ type: 'verdict', signed: {} });
    expect(await client.next()).toMatchObject({ type: 'declined', code: 'message-malformed' });
    client.say({ type: 'request' });
    expect(await client.next()).toMatchObject({ type: 'idle' });
    expect(counters.messagesMalformed).toBe(5);
  });

  it('ends a session that speaks before its hello', async () => {
    const client = connect();
    await client.next();
    client.say({ type: 'request' });
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'hello-expected' });
    await client.closed;
  });

  it('closes a socket with a frame past all bounds, and the others live on', async () => {
    const other = await openSession();
    const client = await openSession();
    client.socket.send(new Uint8Array(33 * 1024 * 1024));
    expect(await client.closed).toBe(1009);
    other.say({ type: 'request' });
    expect(await other.next()).toMatchObject({ type: 'idle' });
  });

  it('turns away upgrades to other paths', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${listener.port}/v1/elsewhere`);
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    });
    expect(status).toBe(404);
  });

  it('says goodbye when the hub stops', async () => {
    const client = await openSession();
    loop.stop();
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'hub-stopping' });
    await client.closed;
  });
});

describe('control socket bounds', () => {
  const reopen = async (limits: Partial<ControlLimits>) => {
    loop.stop();
    control.stop();
    await listener.drain();
    await openAll(limits);
  };

  it('closes a socket that sends too fast, with the rule', async () => {
    await reopen({ messagesPerSecond: 1, messagesBurst: 20 });
    const client = await openSession();
    for (let count = 0; count < 40; count += 1) client.say({ type: 'beat' });
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'message-rate' });
    expect(await client.closed).toBe(1008);
  });

  it('turns away one socket more than it takes', async () => {
    await reopen({ sockets: 1 });
    await openSession();
    const client = connect();
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'too-many-connections' });
    await client.closed;
  });

  it('closes a stranger that sends more than a hello', async () => {
    await reopen({ bytesBeforeWelcome: 1000 });
    const client = connect();
    await client.next();
    client.socket.send(new Uint8Array(2_000_000), { fin: false });
    await client.closed;
  });

  it('closes a socket that does not read', async () => {
    await reopen({ bufferedBytes: 100_000 });
    const client = await openSession();
    client.socket.pause();
    for (let sent = 0; counters.socketsTooSlow === 0 && sent < 2_000; sent += 1) {
      const text = 'x'.repeat(60_000);
      control.send(1, { type: 'idle', reason: { code: 'stated', values: { text } } });
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(counters.socketsTooSlow).toBe(1);
  });
});
