import { describe, expect, it } from 'vitest';
import { solvePuzzle } from '#protocol/bytes/puzzle.ts';
import { instant } from '#protocol/values/units.ts';
import { makeFakeKey, openFakeSession } from './fake-client.ts';
import { CONTROL_LIMITS } from './limits.ts';
import { LOCAL_LIMITS } from './senders.ts';
import { openTestSockets } from './test-sockets.ts';
import { WebSocket } from './web-socket.ts';

const sockets = openTestSockets();
const MIB = 1024 * 1024;
/** Of a message that does not end. */
const begin = (socket: WebSocket, bytes: number) =>
  socket.send(new Uint8Array(bytes), { fin: false });

describe('an address', () => {
  it('is turned away with one socket more than it may have, and may come again after one', async () => {
    await sockets.reopen({ limits: { local: { ...LOCAL_LIMITS, sockets: 2 } } });
    const first = await sockets.openSession();
    await sockets.openSession();
    const third = sockets.connect();
    expect(await third.next()).toMatchObject({ type: 'refused', code: 'too-many-connections' });
    await third.closed;
    first.socket.terminate();
    await first.closed;
    await sockets.openSession();
  });

  it('is turned away when it connects too often', async () => {
    await sockets.reopen({ limits: { local: { ...LOCAL_LIMITS, hellosPerMinute: 2 } } });
    for (const _ of [1, 2]) (await sockets.openSession()).socket.terminate();
    expect(await sockets.connect().next()).toMatchObject({
      type: 'refused',
      code: 'message-rate',
    });
  });

  it('has no more bytes in flight than it may, over all its sockets', async () => {
    const local = { ...LOCAL_LIMITS, bytesInFlight: 100_000 };
    await sockets.reopen({ limits: { local } });
    const [one, two] = [await sockets.openSession(), await sockets.openSession()];
    begin(one.socket, 60_000);
    one.socket.ping();
    await new Promise((resolve) => one.socket.once('pong', resolve));
    begin(two.socket, 60_000);
    expect(await two.until('refused')).toMatchObject({ code: 'message-rate' });
    await two.closed;
    // What has landed or gone is in flight no more.
    one.socket.terminate();
    await one.closed;
    const three = await sockets.openSession();
    begin(three.socket, 90_000);
    three.socket.ping();
    await new Promise((resolve) => three.socket.once('pong', resolve));
    expect(three.socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe('a verifier', () => {
  it('may say at once after its welcome all that the hub may not have on disk', async () => {
    const who = makeFakeKey();
    expect(await sockets.loop.command({ type: 'enrol', key: who.key })).toMatchObject({ ok: true });
    const { socket, say } = await openFakeSession(sockets.url, 'verifier', who);
    const { messagesPerSecond, burstSeconds } = CONTROL_LIMITS;
    const count = 2 * messagesPerSecond.idle * burstSeconds;
    for (let said = 0; said < count; said += 1) say({ type: 'judged', through: 0 });
    const heard = new Promise((resolve) => socket.once('pong', () => resolve('heard')));
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
    socket.ping();
    expect(await Promise.race([heard, closed])).toBe('heard');
    socket.terminate();
  });
});

describe('a socket', () => {
  it('is closed in the middle of a frame that no lease allows', async () => {
    const device = await sockets.openSession();
    begin(device.socket, MIB);
    expect(await device.until('refused')).toMatchObject({ code: 'message-too-long' });
    await device.closed;
  });

  it('may send a frame as long as its lease allows, and no longer one', async () => {
    await sockets.reopen({ frameBytes: 2 * MIB });
    const device = await sockets.openSession();
    device.socket.send(new Uint8Array(2 * MIB));
    expect(await device.until('declined')).toMatchObject({ code: 'message-malformed' });
    begin(device.socket, 3 * MIB);
    expect(await device.until('refused')).toMatchObject({ code: 'message-too-long' });
    await device.closed;
  });

  it('is closed when it pings more often than it may speak', async () => {
    const messagesPerSecond = { idle: 1, working: 1, verifier: 1 };
    await sockets.reopen({ limits: { messagesPerSecond, burstSeconds: 20 } });
    const device = await sockets.openSession();
    for (let count = 0; count < 40; count += 1) device.socket.ping();
    expect(await device.until('refused')).toMatchObject({ code: 'message-rate' });
  });

  it('is closed where the answers to all pings would be kept for it', async () => {
    const bufferedBytes = { ...CONTROL_LIMITS.bufferedBytes, device: 50_000 };
    const messagesPerSecond = { idle: 1e9, working: 1e9, verifier: 1e9 };
    await sockets.reopen({ limits: { bufferedBytes, messagesPerSecond } });
    const device = await sockets.openSession();
    device.socket.pause();
    // A hub that keeps the answers never ends this.
    while (sockets.counters.socketsOpen > 0) {
      for (let count = 0; count < 500; count += 1) device.socket.ping(new Uint8Array(125));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(sockets.counters.socketsOpen).toBe(0);
  });

  it('of a page of another site is not opened', async () => {
    const socket = new WebSocket(`${sockets.url}/v1/control`, { origin: 'https://evil.example' });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    });
    expect(status).toBe(403);
  });
});

describe('the socket that keeps most', () => {
  it('is closed first when all together keep too much', async () => {
    await sockets.reopen({
      limits: {
        bufferedBytesOfAll: 8 * MIB,
        bufferedBytes: { device: 64 * MIB, verifier: 64 * MIB },
      },
    });
    const [reader, sleeper] = [await sockets.openSession(), await sockets.openSession()];
    sleeper.socket.pause();
    const text = 'x'.repeat(60_000);
    for (let sent = 0; sent < 500; sent += 1) {
      sockets.control.send(2, { type: 'idle', reason: { code: 'stated', values: { text } } });
    }
    while (sockets.counters.socketsTooSlow === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(sockets.counters.socketsTooSlow).toBe(1);
    reader.say({ type: 'request' });
    expect(await reader.next()).toMatchObject({ type: 'idle' });
  });
});

describe('a hello while many come', () => {
  const flood = () => {
    sockets.hub.greeting = { waiting: 7_000, at: instant(Date.now()) };
  };

  it('is welcomed with the answer to its puzzle', async () => {
    flood();
    const client = sockets.connect();
    const challenge = await client.until('challenge');
    const { nonce, puzzle } = challenge;
    if (puzzle === undefined) throw new Error('no puzzle');
    const answer = solvePuzzle({ ...puzzle, nonce }, { first: 0, tries: 1e6 });
    client.say({ ...(client.hello(challenge, 'contributor') as object), answer });
    expect(await client.next()).toMatchObject({ type: 'welcome' });
  });

  it('is refused without an answer, and with another', async () => {
    for (const answer of [undefined, 0]) {
      flood();
      const client = sockets.connect();
      const challenge = await client.until('challenge');
      client.say({ ...(client.hello(challenge, 'contributor') as object), answer });
      expect(await client.next()).toMatchObject({ type: 'refused', code: 'puzzle-unsolved' });
    }
  });

  it('has no puzzle any more when it is quiet', async () => {
    sockets.hub.greeting = { waiting: 7_000, at: instant(Date.now() - 60_000) };
    expect(await sockets.connect().until('challenge')).not.toHaveProperty('puzzle');
  });
});
