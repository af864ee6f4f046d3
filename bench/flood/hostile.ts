import { randomBytes } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { HubMessage } from '#protocol/messages/control.ts';
import { CONTROL_PATH, SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { makeIdentity } from '../dispatch/identity.ts';
import { answerChallenge } from '../dispatch/session.ts';

/**
 * Strangers of many kinds in one process: told `{hub, sockets}` by a line of JSON on stdin, and
 * `{stop: true}`. Each stays as near to the hub's bounds as it can, and comes back when it is closed.
 */
const MESSAGES_EVERY_MS = 60;
const BACK_AFTER_MS = 500;
/** Of a message that does not end, under what any socket may begin. */
const BEGUN_BYTES = 250 * 1024;

let hub = '';
let stopped = false;

type Welcome = Extract<HubMessage, { type: 'welcome' }>;
type Stranger = (socket: WebSocket, welcome: Welcome) => unknown;

const repeat = (socket: WebSocket, say: () => void): void => {
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) say();
    else clearInterval(timer);
  }, MESSAGES_EVERY_MS);
};
const hex = (bytes: number) => randomBytes(bytes).toString('hex');

/** What strangers do once they are welcomed. */
const STRANGERS: Stranger[] = [
  (socket) => repeat(socket, () => socket.send(`{"type":"commit","lease":"${hex(16)}"`)),
  (socket) => repeat(socket, () => socket.send(JSON.stringify({ type: 'seek', root: hex(32) }))),
  (socket) => repeat(socket, () => socket.send(JSON.stringify({ type: 'have', root: hex(32) }))),
  (socket) => repeat(socket, () => socket.send(JSON.stringify({ type: 'request' }))),
  (socket) => repeat(socket, () => socket.ping(randomBytes(100))),
  (socket) => socket.send(new Uint8Array(BEGUN_BYTES), { fin: false }),
  (socket) => socket.pause(),
  (socket) => repeat(socket, () => socket.send(randomBytes(2_000))),
  (socket) => socket.send(JSON.stringify({ type: 'bye', reason: { code: 'stopped', values: {} } })),
  (socket, welcome) => signal(socket, welcome),
];

/** Joins the PeerServer and offers the seeder connections that never open. */
function signal(socket: WebSocket, { peer, peerToken, seeder }: Welcome): void {
  const query = `key=peerjs&id=${peer}&token=${peerToken}`;
  const at = new URL(`${SIGNALLING_PATH}/peerjs?${query}`, hub.replace(/^http/, 'ws'));
  const other = new WebSocket(at);
  other.on('error', () => undefined);
  socket.on('close', () => other.terminate());
  const sdp = { type: 'offer', sdp: `v=0\r\n${'a'.repeat(500)}` };
  other.on('open', () =>
    repeat(other, () => {
      const connectionId = `dc_${hex(8)}`;
      const more = { label: connectionId, reliable: true, serialization: 'raw' };
      const payload = { type: 'data', connectionId, sdp, ...more };
      other.send(JSON.stringify({ type: 'OFFER', dst: seeder, payload }));
    }),
  );
}

/** One socket after the other, for as long as the flood lasts; some never say hello. */
async function haunt(number: number): Promise<void> {
  const act = STRANGERS[number % STRANGERS.length];
  while (!stopped) {
    const socket = new WebSocket(new URL(CONTROL_PATH, hub.replace(/^http/, 'ws')));
    const identity = makeIdentity();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as HubMessage;
      if (message.type === 'challenge' && number % 7 > 0 && message.puzzle === undefined) {
        socket.send(JSON.stringify(answerChallenge(message, { role: 'contributor', identity })));
      }
      if (message.type === 'welcome') act?.(socket, message);
    });
    open.add(socket);
    await closed;
    open.delete(socket);
    await sleep(BACK_AFTER_MS);
  }
}

const open = new Set<WebSocket>();

// Strangers have machines of their own: these must not take the hub's.
setPriority(constants.priority.PRIORITY_LOW);
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as { hub?: string; sockets?: number; stop?: true };
  if (order.hub !== undefined) {
    hub = order.hub;
    for (let number = 0; number < (order.sockets ?? 0); number += 1) void haunt(number);
    process.stdout.write(`${JSON.stringify({ flooding: order.sockets })}\n`);
  }
  if (order.stop) {
    stopped = true;
    for (const socket of open) socket.terminate();
    process.stdout.write(`${JSON.stringify({ stopped: true })}\n`);
  }
}
