import { type DataConnection, Peer } from 'peerjs';
import type { IceServer } from '#protocol/messages/device.ts';
import { PEER_CHANNEL } from '#protocol/messages/peer-frame.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';

export const PEER_OPEN_MS = 5_000;
/** More at once cost a phone more than they bring (reference/platform.md, rule 26). */
export const PEERS_MAX = 8;
const RECONNECT_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export interface Peers {
  /** Makes a channel to a peer; the outcome arrives by `onChannel` and perhaps `onFailed`. */
  connect(peer: string): void;
  close(): void;
}

interface PeersOptions {
  hub: string;
  id: string;
  token: string;
  path: string;
  iceServers: readonly IceServer[];
  onChannel(peer: string, channel: RTCDataChannel): void;
  onFailed(peer: string, refusal: Refusal): void;
}

/** Our place among the peers: the signalling, and the connections made over it. */
interface Joined {
  readonly options: PeersOptions;
  readonly signalling: Peer;
  readonly connections: Map<string, { connection: DataConnection; timer: number }>;
  /** Asked for before signalling is open, with deadlines: PeerJS would drop the offer. */
  readonly waiting: Map<string, number>;
  closed: boolean;
  reconnects: number;
  reconnectTimer: number;
}

/**
 * Our end of WebRTC: PeerJS joined to the hub's PeerServer. For each connection, made or taken, a
 * channel of our own is created and handed on in the same task, since a channel can be transferred
 * only then. PeerJS keeps a channel of its own, which tells us when the connection stands.
 */
export function openPeers(options: PeersOptions): Peers {
  const signalling = openSignalling(options);
  const joined: Joined = {
    options,
    signalling,
    connections: new Map(),
    waiting: new Map(),
    closed: false,
    reconnects: 0,
    reconnectTimer: 0,
  };
  signalling.on('connection', (connection) => take(joined, connection));
  signalling.on('open', () => callWaiting(joined));
  signalling.on('disconnected', () => reconnectLater(joined));
  signalling.on('error', (error) => dropUnreachable(joined, error));
  return {
    connect: (peer) => connect(joined, peer),
    close: () => close(joined),
  };
}

function openSignalling({ hub, id, token, path, iceServers }: PeersOptions): Peer {
  const { protocol, hostname, port } = new URL(hub);
  const secure = protocol === 'https:';
  return new Peer(id, {
    host: hostname,
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    path,
    token,
    secure,
    debug: 0,
    // Always explicit: the library's default names public servers.
    config: { iceServers: iceServers.map((server) => ({ ...server })) },
  });
}

/** Calls a peer, or keeps it until signalling is open. */
function connect(joined: Joined, peer: string): void {
  const { options, signalling, connections, waiting } = joined;
  const refused = (reason: string) =>
    options.onFailed(peer, refusal('webrtc-failed', `No connection to ${peer}: ${reason}.`));
  if (joined.closed || signalling.destroyed) return refused('this device has left the peers');
  if (signalling.disconnected) return refused('the hub’s signalling is not reachable');
  if (connections.has(peer) || waiting.has(peer)) return refused('there is one already');
  if (connections.size + waiting.size >= PEERS_MAX) {
    return refused(`${PEERS_MAX} connections are open`);
  }
  if (!signalling.open) {
    const giveUp = () => {
      waiting.delete(peer);
      refused('the hub’s signalling did not answer');
    };
    return void waiting.set(peer, setTimeout(giveUp, PEER_OPEN_MS));
  }
  const connection = signalling.connect(peer, { serialization: 'raw', reliable: true });
  if (connection === undefined) return refused('the library made none');
  hold(joined, peer, connection);
}

function callWaiting(joined: Joined): void {
  joined.reconnects = 0;
  for (const peer of takeWaiting(joined)) connect(joined, peer);
}

function takeWaiting({ waiting }: Joined): string[] {
  const asked = [...waiting.keys()];
  for (const timer of waiting.values()) clearTimeout(timer);
  waiting.clear();
  return asked;
}

/** Answers a call from a peer. */
function take(joined: Joined, connection: DataConnection): void {
  // Two devices may call each other at once: the newer call replaces the older.
  drop(joined, connection.peer, 'it called us at the same time');
  if (joined.connections.size >= PEERS_MAX) return connection.close();
  hold(joined, connection.peer, connection);
}

function hold(joined: Joined, peer: string, connection: DataConnection): void {
  const { connections, options } = joined;
  const late = `it did not open within ${PEER_OPEN_MS / 1000} s`;
  const timer = setTimeout(() => drop(joined, peer, late), PEER_OPEN_MS);
  connections.set(peer, { connection, timer });
  connection.on('open', () => clearTimeout(timer));
  const dropIfHeld = (reason: string) => {
    if (connections.get(peer)?.connection === connection) drop(joined, peer, reason);
  };
  connection.on('close', () => dropIfHeld('the other side closed it'));
  connection.on('error', (error) => dropIfHeld(error.message));
  const channel = connection.peerConnection.createDataChannel(PEER_CHANNEL.label, {
    negotiated: true,
    id: PEER_CHANNEL.id,
  });
  options.onChannel(peer, channel);
}

/** Ends a connection if it is held; without a reason nobody is told. */
function drop({ connections, options }: Joined, peer: string, reason?: string): void {
  const held = connections.get(peer);
  if (held === undefined) return;
  connections.delete(peer);
  clearTimeout(held.timer);
  held.connection.close();
  if (reason === undefined) return;
  const message = `No direct connection to ${peer}: ${reason}. HTTPS is used instead.`;
  options.onFailed(peer, refusal('webrtc-failed', message));
}

function dropUnreachable(joined: Joined, error: Error): void {
  // The library names the peer it could not reach only in its sentence.
  const lost = [...joined.connections.keys()].find((peer) => error.message.endsWith(` ${peer}`));
  if (lost !== undefined) drop(joined, lost, 'it is not reachable any more');
}

function reconnectLater(joined: Joined): void {
  const { signalling } = joined;
  if (joined.closed || signalling.destroyed) return;
  const wait = RECONNECT_MS[Math.min(joined.reconnects, RECONNECT_MS.length - 1)];
  joined.reconnects += 1;
  clearTimeout(joined.reconnectTimer);
  joined.reconnectTimer = setTimeout(() => {
    if (!joined.closed && !signalling.destroyed && signalling.disconnected) signalling.reconnect();
  }, wait);
}

function close(joined: Joined): void {
  if (joined.closed) return;
  joined.closed = true;
  clearTimeout(joined.reconnectTimer);
  takeWaiting(joined);
  for (const peer of [...joined.connections.keys()]) drop(joined, peer);
  joined.signalling.destroy();
}
