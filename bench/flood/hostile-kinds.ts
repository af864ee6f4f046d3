import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import type { HubMessage } from '#protocol/messages/control.ts';
import { CONTROL_PATH, SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { makeIdentity } from '../dispatch/identity.ts';
import { answerChallenge } from '../dispatch/session.ts';
import { keepLease, revealGarbage } from './hostile-devices.ts';
import { openSleeper } from './sleepers.ts';
import type { HostileSocket, Stranger } from './stranger.ts';

const MESSAGES_EVERY_MS = 60;
/** Of a message that does not end, under what any socket may begin. */
const BEGUN_BYTES = 250 * 1024;
/** In a message that does not end. */
const HALF_A_HELLO = '{"type":"hello","claim":{"version":1,"role":"contributor","key":"';
const LAST_WORDS = { type: 'bye', reason: { code: 'stopped', values: {} } };

type Welcome = Extract<HubMessage, { type: 'welcome' }>;

/** What a stranger does when it is welcomed, and with all that it hears then. */
type Behaviour = (stranger: Stranger, message: HubMessage) => unknown;

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

function repeat(socket: WebSocket, say: () => void): void {
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) say();
    else clearInterval(timer);
  }, MESSAGES_EVERY_MS);
}

/** One that says something again and again. */
const saying =
  (make: () => object | string | Uint8Array): Behaviour =>
  ({ socket }, { type }) => {
    if (type !== 'welcome') return;
    repeat(socket, () => {
      const said = make();
      const isRaw = typeof said === 'string' || said instanceof Uint8Array;
      socket.send(isRaw ? said : JSON.stringify(said));
    });
  };

const once =
  (act: (stranger: Stranger, welcome: Welcome) => unknown): Behaviour =>
  (stranger, message) =>
    message.type === 'welcome' ? act(stranger, message) : undefined;

/** Opens one socket of a kind: to this hub, from this address. */
type Kind = (hub: string, address: string) => HostileSocket;

/** All kinds of strangers; there are as many of each. */
export const KINDS: readonly Kind[] = [
  welcomed(saying(() => `{"type":"commit","lease":"${hex(16)}"`)),
  welcomed(saying(() => ({ type: 'seek', root: hex(32) }))),
  welcomed(saying(() => ({ type: 'have', root: hex(32) }))),
  welcomed(saying(() => ({ type: 'request' }))),
  welcomed(saying(() => randomBytes(2_000))),
  welcomed(once(({ socket }) => repeat(socket, () => socket.ping(randomBytes(100))))),
  welcomed(once(({ socket }) => socket.send(new Uint8Array(BEGUN_BYTES), { fin: false }))),
  welcomed(once(({ socket }) => socket.pause())),
  welcomed(once(({ socket }) => socket.send(JSON.stringify(LAST_WORDS)))),
  welcomed(once(signal)),
  welcomed(revealGarbage),
  welcomed(keepLease),
  greeted(() => undefined),
  greeted(({ socket }, { type }) => {
    if (type === 'challenge') socket.send(HALF_A_HELLO, { fin: false });
  }),
  openSleeper,
];

/** Says hello under a fresh key, where that costs nothing, and then does as its kind does. */
function welcomed(behave: Behaviour): Kind {
  return greeted((stranger, message) => {
    const { socket, identity } = stranger;
    if (message.type !== 'challenge') return behave(stranger, message);
    if (message.puzzle !== undefined) return;
    socket.send(JSON.stringify(answerChallenge(message, { role: 'contributor', identity })));
  });
}

function greeted(hear: Behaviour): Kind {
  return (hub, address) => {
    const socket = open(hub, CONTROL_PATH, address);
    const stranger = { hub, address, identity: makeIdentity(), socket };
    socket.on('message', (data) => hear(stranger, JSON.parse(String(data)) as HubMessage));
    return {
      closed: new Promise((resolve) => socket.on('close', () => resolve())),
      end: () => socket.terminate(),
    };
  };
}

function open(hub: string, path: string, localAddress: string): WebSocket {
  const socket = new WebSocket(new URL(path, hub.replace(/^http/, 'ws')), { localAddress });
  socket.on('error', () => undefined);
  return socket;
}

/** Joins the PeerServer and offers the seeder connections that never open. */
function signal({ hub, address, socket }: Stranger, { peer, peerToken, seeder }: Welcome): void {
  const path = `${SIGNALLING_PATH}/peerjs?key=peerjs&id=${peer}&token=${peerToken}`;
  const other = open(hub, path, address);
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
