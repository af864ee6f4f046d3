import { describe, expect, it } from 'vitest';
import { TEXT_BYTES_MAX } from '#protocol/messages/control.ts';
import type { Nonce } from '#protocol/values/ids.ts';
import { openTestSockets } from './test-sockets.ts';
import { WebSocket } from './web-socket.ts';

const sockets = openTestSockets();

describe('control socket', () => {
  it('shakes hands and says why there is no work', async () => {
    const client = await sockets.openSession();
    client.say({ type: 'request' });
    expect(await client.next()).toMatchObject({ type: 'idle', reason: { code: 'no-jobs' } });
    expect(sockets.counters.socketsOpen).toBe(1);
  });

  it('refuses a hello whose signature is wrong', async () => {
    const client = sockets.connect();
    const challenge = await client.until('challenge');
    const nonce = '00'.repeat(32) as Nonce;
    client.say(client.hello({ ...challenge, nonce }, 'contributor'));
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'signature-wrong' });
    await client.closed;
  });

  it('declines what it cannot read and goes on', async () => {
    const client = await sockets.openSession();
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
    expect(sockets.counters.messagesMalformed).toBe(5);
  });

  it('ends a session that speaks before its hello', async () => {
    const client = sockets.connect();
    await client.next();
    client.say({ type: 'request' });
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'hello-expected' });
    await client.closed;
  });

  it('closes a socket with a frame past all bounds, and the others live on', async () => {
    const other = await sockets.openSession();
    const client = await sockets.openSession();
    client.socket.send(new Uint8Array(33 * 1024 * 1024));
    expect(await client.closed).toBe(1009);
    other.say({ type: 'request' });
    expect(await other.next()).toMatchObject({ type: 'idle' });
  });

  it('turns away upgrades to other paths', async () => {
    const socket = new WebSocket(`${sockets.url}/v1/elsewhere`);
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    });
    expect(status).toBe(404);
  });

  it('says goodbye when the hub stops', async () => {
    const client = await sockets.openSession();
    sockets.loop.stop();
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'hub-stopping' });
    await client.closed;
  });
});

describe('control socket bounds', () => {
  it('closes a socket that sends too fast, with the rule', async () => {
    const messagesPerSecond = { idle: 1, working: 1, verifier: 1 };
    await sockets.reopen({ limits: { messagesPerSecond, burstSeconds: 20 } });
    const client = await sockets.openSession();
    for (let count = 0; count < 40; count += 1) client.say({ type: 'beat' });
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'message-rate' });
    expect(await client.closed).toBe(1008);
  });

  it('turns away one socket more than it takes', async () => {
    await sockets.reopen({ limits: { sockets: 1 } });
    await sockets.openSession();
    const client = sockets.connect();
    expect(await client.next()).toMatchObject({ type: 'refused', code: 'too-many-connections' });
    await client.closed;
  });

  it('closes a stranger that sends more than a hello', async () => {
    await sockets.reopen({ limits: { bytesBeforeWelcome: 1000 } });
    const client = sockets.connect();
    await client.next();
    client.socket.send(new Uint8Array(2_000_000), { fin: false });
    await client.closed;
  });

  it('closes a socket that does not read', async () => {
    await sockets.reopen({ limits: { bufferedBytes: { device: 100_000, verifier: 100_000 } } });
    const client = await sockets.openSession();
    client.socket.pause();
    for (let sent = 0; sockets.counters.socketsTooSlow === 0 && sent < 2_000; sent += 1) {
      const text = 'x'.repeat(60_000);
      sockets.control.send(1, { type: 'idle', reason: { code: 'stated', values: { text } } });
      if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sockets.counters.socketsTooSlow).toBe(1);
  });
});
