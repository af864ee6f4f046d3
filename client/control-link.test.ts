import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { decodeFrame } from '#protocol/messages/message-frame.ts';
import { why } from '#protocol/values/reason.ts';
import { controlUrl, type LinkEvent, type LinkOptions, openControlLink } from './control-link.ts';

let server: WebSocketServer;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
});
afterEach(async () => {
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

async function openLink(
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
  distrust?: LinkOptions['distrust'],
) {
  const events: LinkEvent[] = [];
  const wire = new WebSocket(url) as unknown as globalThis.WebSocket;
  const link = openControlLink(wire, (event) => events.push(event), { distrust });
  const seen = (type: LinkEvent['type']) =>
    vi.waitUntil(() => events.find((event) => event.type === type), { timeout: 10_000 });
  return { link, events, seen };
}

async function openPair() {
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const opened = await openLink();
  const hub = await accepted;
  await opened.seen('opened');
  return { ...opened, hub };
}
const closed = (socket: WebSocket) => new Promise((resolve) => socket.once('close', resolve));

test('the address of the control socket follows that of the hub', () => {
  expect(controlUrl(new URL('https://hub.example/app'))).toBe('wss://hub.example/v1/control');
  expect(controlUrl(new URL('http://127.0.0.1:8787'))).toBe('ws://127.0.0.1:8787/v1/control');
});

test('messages and frames go both ways', async () => {
  const { link, seen, hub } = await openPair();
  hub.send(JSON.stringify({ type: 'beat' }));
  expect(await seen('received')).toMatchObject({ message: { type: 'beat' } });
  const heard: Buffer[] = [];
  hub.on('message', (data: Buffer) => heard.push(data));
  link.send({ type: 'request' });
  const reveal = { lease: 'ab'.repeat(16), salt: 'cd'.repeat(32), computeMs: 3 };
  const head = { type: 'reveal', reveal } as unknown as Parameters<typeof link.sendFrame>[0];
  link.sendFrame(head, new Uint8Array([1, 2, 3]));
  await vi.waitUntil(() => heard.length === 2);
  expect(JSON.parse(String(heard[0]))).toEqual({ type: 'request' });
  const frame = decodeFrame(new Uint8Array(heard[1] ?? []));
  expect(frame.ok && [...frame.value.payload]).toEqual([1, 2, 3]);
});

test.each([
  ['text that is not JSON', 'hello'],
  ['a message nobody knows', '{"type":"surprise"}'],
  ['a field that is wrong', '{"type":"accepted","lease":3}'],
  ['binary', new Uint8Array([1, 2, 3])],
])('%s ends the link as malformed, and the socket closes', async (_name, sent) => {
  const { events, seen, hub } = await openPair();
  const gone = closed(hub);
  hub.send(sent);
  hub.send(JSON.stringify({ type: 'beat' }));
  expect(await seen('malformed')).toMatchObject({ refusal: { code: 'message-malformed' } });
  await gone;
  expect(events.map(({ type }) => type)).toEqual(['opened', 'malformed']);
});

test('a hub that is not trusted ends the link with the reason, and its message is not passed on', async () => {
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const { events, seen } = await openLink(undefined, ({ type }) =>
    type === 'idle' ? 'another hub' : undefined,
  );
  const hub = await accepted;
  const gone = closed(hub);
  for (const type of ['beat', 'idle', 'beat']) {
    hub.send(JSON.stringify({ type, ...(type === 'idle' ? { reason: why('stopped', {}) } : {}) }));
  }
  expect(await seen('closed')).toEqual({ type: 'closed', reason: 'another hub' });
  await gone;
  expect(events.map(({ type }) => type)).toEqual(['opened', 'received', 'closed']);
});

test('a hub that hangs up is told once', async () => {
  const { events, seen, hub, link } = await openPair();
  hub.terminate();
  expect(await seen('closed')).toMatchObject({ reason: expect.stringContaining('1006') });
  link.send({ type: 'request' });
  link.close();
  expect(events.map(({ type }) => type)).toEqual(['opened', 'closed']);
});

test('a hub that is not there is told once', async () => {
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { events, seen } = await openLink(`ws://127.0.0.1:${port}`);
  expect(await seen('closed')).toMatchObject({ reason: 'the hub cannot be reached' });
  expect(events.map(({ type }) => type)).toEqual(['closed']);
});

test('a link says nothing more after its own close', async () => {
  const { events, link, hub } = await openPair();
  const gone = closed(hub);
  hub.send(JSON.stringify({ type: 'beat' }));
  link.close();
  await gone;
  expect(events.map(({ type }) => type)).toEqual(['opened']);
});
