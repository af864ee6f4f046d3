import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { ExpressPeerServer } from 'peer';
import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { PeerSignal, SIGNAL_BYTES_MAX } from '#protocol/messages/signalling.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { PeerId } from '#protocol/values/ids.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Log } from '../process/log.ts';
import type { HubCounters } from '../process/metrics.ts';
import {
  acceptUpgrade,
  answerPings,
  openWebSocketServer,
  rejectUpgrade,
  type Upgrade,
  type WebSocket,
} from '../sockets/web-socket.ts';
import { openOffers } from './offers.ts';

/** PeerServer adds this to its path. */
export const SIGNALLING_SOCKET_PATH = `${SIGNALLING_PATH}/peerjs`;
/** A connection takes about twenty messages; a peer that sends far more is closed. */
const MESSAGES_PER_10_S = 400;
/** Bytes that a peer has not taken; one that holds more is closed. */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/** The PeerServer of a hub, behind a closed schema. */
export interface Signalling {
  upgrade(upgrade: Upgrade): void;
  /** Lets who knows the token join under this id. */
  allow(peer: PeerId, token: string): void;
  /** Ends what the peer has here; its data channels live on. */
  forget(peer: PeerId): void;
  close(): void;
}

/**
 * A peer's socket as PeerServer sees it: each message is one of the closed list, written anew from
 * what was decoded, and one that `mayPass`. PeerServer hands on what it is given, and neither it nor
 * PeerJS checks it.
 */
class DecodedSocket extends EventEmitter {
  readonly #socket: WebSocket;

  constructor(
    socket: WebSocket,
    on: { mayPass(signal: PeerSignal): boolean; refused(reason: Refusal): void },
  ) {
    super();
    this.#socket = socket;
    socket.on('error', (error) => this.emit('error', error));
    socket.on('close', () => this.emit('close'));
    socket.on('message', (data, isBinary) => {
      const signal = isBinary ? NOT_TEXT : decodeJson(PeerSignal, String(data));
      if (!signal.ok) on.refused(signal.refusal);
      else if (on.mayPass(signal.value)) this.emit('message', JSON.stringify(signal.value));
    });
  }

  send(text: string): void {
    if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) this.#socket.terminate();
    else this.#socket.send(text);
  }

  close(): void {
    this.#socket.close();
  }
}

const NOT_TEXT = {
  ok: false,
  refusal: refusal('message-malformed', 'expected JSON text'),
} as const;

/**
 * PeerServer (the `peer` package), reachable only for peer ids that the hub gave out. It is given a
 * WebSocket server without a listener, since its own would answer 400 to every other upgrade.
 */
export function openSignalling(options: { counters: HubCounters; log: Log }): Signalling {
  const { counters, log } = options;
  const allowed = new Map<string, string>();
  const offers = openOffers();
  const sockets = new Map<string, WebSocket>();
  const server = openWebSocketServer({ maxPayload: SIGNAL_BYTES_MAX });
  mountPeerServer(() => server, log);

  function join(id: string, token: string, socket: WebSocket): void {
    sockets.get(id)?.terminate();
    sockets.set(id, socket);
    let count = 0;
    let since = performance.now();
    answerPings(socket);
    const countMessage = () => {
      const now = performance.now();
      if (now - since > 10_000) {
        since = now;
        count = 0;
      }
      count += 1;
      if (count > MESSAGES_PER_10_S) socket.terminate();
    };
    socket.on('message', countMessage).on('ping', countMessage);
    socket.on('close', () => {
      if (sockets.get(id) === socket) sockets.delete(id);
    });
    const decoded = new DecodedSocket(socket, {
      // PeerServer keeps what is for a peer that is not there: only for those that may come.
      mayPass: (signal) =>
        (signal.type === 'HEARTBEAT' || allowed.has(signal.dst)) && offers.take(id, signal),
      refused({ message }) {
        counters.messagesMalformed += 1;
        log.debug({ peer: id, reason: message }, 'dropped a signalling message');
      },
    });
    // Its own address: in that of the request an id may stand twice, and PeerServer takes the last.
    const query = new URLSearchParams({ key: 'peerjs', id, token });
    server.emit('connection', decoded, { url: `/?${query}` });
  }

  return {
    upgrade(upgrade) {
      const query = new URLSearchParams(upgrade.request.url?.split('?')[1]);
      const id = query.get('id') ?? '';
      const token = query.get('token') ?? '';
      if (token === '' || token !== allowed.get(id)) {
        return rejectUpgrade(
          upgrade.socket,
          '403 Forbidden',
          'join under the peer id and with the token that the hub gave in its welcome, while that session is open',
        );
      }
      acceptUpgrade(server, upgrade, (socket) => join(id, token, socket));
    },
    allow: (peer, token) => void allowed.set(peer, token),
    forget(peer) {
      allowed.delete(peer);
      offers.forget(peer);
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
