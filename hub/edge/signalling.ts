import { createServer } from 'node:http';
import { ExpressPeerServer } from 'peer';
import type { PeerId } from '#protocol/ids.ts';
import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import type { Log } from './log.ts';
import {
  acceptUpgrade,
  openWebSocketServer,
  rejectUpgrade,
  type Upgrade,
  type WebSocket,
} from './web-socket.ts';

/** PeerServer adds this to its path. */
export const SIGNALLING_SOCKET_PATH = `${SIGNALLING_PATH}/peerjs`;
/** Offers and candidates are a few kB. */
const MESSAGE_BYTES_MAX = 64 * 1024;
/** A connection takes about twenty messages; a peer that sends far more is closed. */
const MESSAGES_PER_10_S = 400;

export interface Signalling {
  upgrade(upgrade: Upgrade): void;
  /** Lets a peer join under this id. With a token, only who knows it. */
  allow(peer: PeerId, token?: string): void;
  /** Ends what the peer has here; its data channels live on. */
  forget(peer: PeerId): void;
  close(): void;
}

/**
 * PeerServer (the `peer` package), reachable only for peer ids that the hub gave out. It is
 * given a WebSocket server without a listener, since its own would answer 400 to every other upgrade.
 */
export function openSignalling(options: { log: Log }): Signalling {
  const allowed = new Map<string, string | undefined>();
  const sockets = new Map<string, WebSocket>();
  const server = openWebSocketServer({ maxPayload: MESSAGE_BYTES_MAX });
  mountPeerServer(() => server, options.log);

  function join(id: string, socket: WebSocket, upgrade: Upgrade): void {
    sockets.get(id)?.terminate();
    sockets.set(id, socket);
    let count = 0;
    let since = performance.now();
    socket.on('message', () => {
      const now = performance.now();
      if (now - since > 10_000) {
        since = now;
        count = 0;
      }
      count += 1;
      if (count > MESSAGES_PER_10_S) socket.terminate();
    });
    socket.on('close', () => {
      if (sockets.get(id) === socket) sockets.delete(id);
    });
    server.emit('connection', socket, upgrade.request);
  }

  return {
    upgrade(upgrade) {
      const query = new URL(upgrade.request.url ?? '', 'http://hub').searchParams;
      const id = query.get('id') ?? '';
      const token = allowed.get(id);
      if (!allowed.has(id) || (token !== undefined && token !== query.get('token'))) {
        return rejectUpgrade(
          upgrade.socket,
          '403 Forbidden',
          'join under the peer id that the hub gave in its welcome, while that session is open',
        );
      }
      acceptUpgrade(server, upgrade, (socket) => join(id, socket, upgrade));
    },
    allow: (peer, token) => void allowed.set(peer, token),
    forget(peer) {
      allowed.delete(peer);
      sockets.get(peer)?.close();
    },
    close() {
      allowed.clear();
      for (const socket of sockets.values()) socket.terminate();
      server.close();
    },
  };
}

/**
 * PeerServer starts when its Express app is mounted; any Express app will do, so an idle second
 * one of its own is used. Its HTTP routes are not served: peers bring the id the hub gave them.
 * It has no way to stop its two timers, so a process that opened it ends by `process.exit`.
 */
function mountPeerServer(
  createWebSocketServer: () => ReturnType<typeof openWebSocketServer>,
  log: Log,
): void {
  const neverListens = createServer();
  const peerServer = ExpressPeerServer(neverListens, {
    path: '/',
    createWebSocketServer,
    alive_timeout: 60_000,
    concurrent_limit: 20_000,
  });
  peerServer.on('error', (error: Error) => log.debug({ error: error.message }, 'signalling error'));
  ExpressPeerServer(neverListens).use(SIGNALLING_PATH, peerServer);
}
