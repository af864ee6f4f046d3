import { type DataConnection, Peer } from 'peerjs';
import type { IceServer } from '#protocol/messages/device.ts';
import { PEER_CHANNEL } from '#protocol/peer-frame.ts';
import { type Refusal, refusal } from '#protocol/refusal.ts';

export const PEER_OPEN_MS = 5_000;
/** More than this many at once costs a phone more than it brings (reference/platform.md, rule 26). */
export const PEERS_MAX = 8;
const RECONNECT_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export interface Peers {
  /** Makes a channel to a peer; the outcome arrives by `onChannel` and perhaps `onFailed`. */
  connect(peer: string): void;
  close(): void;
}

/**
 * Our end of WebRTC: PeerJS joined to the hub's PeerServer. For each connection, made or taken, a
 * channel of our own is created and handed on in the same task, since a channel can be transferred
 * only then. PeerJS keeps a channel of its own, which tells us when the connection stands.
 */
export function openPeers(options: {
  hub: string;
  id: string;
  path: string;
  iceServers: readonly IceServer[];
  onChannel(peer: string, channel: RTCDataChannel): void;
  onFailed(peer: string, refusal: Refusal): void;
}): Peers {
  const { protocol, hostname, port } = new URL(options.hub);
  const secure = protocol === 'https:';
  const signalling = new Peer(options.id, {
    host: hostname,
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    path: options.path,
    secure,
    debug: 0,
    // Always explicit: the library's default names public servers.
    config: { iceServers: options.iceServers.map((server) => ({ ...server })) },
  });
  const connections = new Map<string, { connection: DataConnection; timer: number }>();
  /** Asked for before signalling is open: PeerJS would drop the offer without a word. */
  const waiting = new Set<string>();
  let closed = false;
  let reconnects = 0;
  let reconnectTimer = 0;

  function drop(peer: string, reason?: string): void {
    const held = connections.get(peer);
    if (held === undefined) return;
    connections.delete(peer);
    clearTimeout(held.timer);
    held.connection.close();
    if (reason !== undefined) {
      options.onFailed(
        peer,
        refusal(
          'webrtc-failed',
          `No direct connection to ${peer}: ${reason}. HTTPS is used instead.`,
        ),
      );
    }
  }

  function hold(peer: string, connection: DataConnection): void {
    const seconds = PEER_OPEN_MS / 1000;
    const timer = setTimeout(() => drop(peer, `it did not open within ${seconds} s`), PEER_OPEN_MS);
    connections.set(peer, { connection, timer });
    connection.on('open', () => clearTimeout(timer));
    const dropIfHeld = (reason: string) => {
      if (connections.get(peer)?.connection === connection) drop(peer, reason);
    };
    connection.on('close', () => dropIfHeld('the other side closed it'));
    connection.on('error', (error) => dropIfHeld(error.message));
    const channel = connection.peerConnection.createDataChannel(PEER_CHANNEL.label, {
      negotiated: true,
      id: PEER_CHANNEL.id,
    });
    options.onChannel(peer, channel);
  }

  signalling.on('connection', (connection) => {
    // Two devices may call each other at once: the newer call replaces the older.
    drop(connection.peer, 'it called us at the same time');
    if (connections.size >= PEERS_MAX) return connection.close();
    hold(connection.peer, connection);
  });
  signalling.on('open', () => {
    reconnects = 0;
    const asked = [...waiting];
    waiting.clear();
    for (const peer of asked) connect(peer);
  });
  signalling.on('disconnected', () => {
    if (closed || signalling.destroyed) return;
    const wait = RECONNECT_MS[Math.min(reconnects, RECONNECT_MS.length - 1)];
    reconnects += 1;
    clearTimeout(reconnectTimer);
    reconnectTimer = setTimeout(() => {
      if (!closed && !signalling.destroyed && signalling.disconnected) signalling.reconnect();
    }, wait);
  });
  signalling.on('error', (error) => {
    // The library names the peer it could not reach only in its sentence.
    const lost = [...connections.keys()].find((peer) => error.message.endsWith(` ${peer}`));
    if (lost !== undefined) drop(lost, 'it is not reachable any more');
  });

  function connect(peer: string): void {
    const refused = (reason: string) =>
      options.onFailed(peer, refusal('webrtc-failed', `No connection to ${peer}: ${reason}.`));
    if (closed || signalling.destroyed) return refused('this device has left the peers');
    if (signalling.disconnected) return refused('the hub’s signalling is not reachable');
    if (connections.has(peer)) return refused('there is one already');
    if (connections.size + waiting.size >= PEERS_MAX) {
      return refused(`${PEERS_MAX} connections are open`);
    }
    if (!signalling.open) return void waiting.add(peer);
    const connection = signalling.connect(peer, { serialization: 'raw', reliable: true });
    if (connection === undefined) return refused('the library made none');
    hold(peer, connection);
  }

  return {
    connect,
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(reconnectTimer);
      waiting.clear();
      for (const peer of [...connections.keys()]) drop(peer);
      signalling.destroy();
    },
  };
}
