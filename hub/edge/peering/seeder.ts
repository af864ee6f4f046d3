import { SIGNALLING_PATH } from '#protocol/messages/control.ts';
import { PEER_CHANNEL } from '#protocol/messages/peer-frame.ts';
import type { PeerId } from '#protocol/values/ids.ts';
import type { Log } from '../process/log.ts';
import { type DataChannel, type PeerSource, servePeer } from './peer-channel.ts';
import { openPeer, type PeerAddress, type PeerConnection, type PeerLink } from './peer-node.ts';
import type { PeerWant } from './seeder-words.ts';

/** Connections at once; one more is closed, and that peer uses HTTPS or another peer. */
const CONNECTIONS_MAX = 128;
/** Connections of one peer at once; the oldest makes place for one more. */
const CONNECTIONS_PER_PEER_MAX = 2;
/** From an offer to an open channel. */
const OPEN_DEADLINE_MS = 15_000;
/** A connection that asks for nothing for this long is closed; a peer may come back. */
const IDLE_MS = 120_000;
const SWEEP_MS = 10_000;
const REJOIN_MS = { first: 500, most: 30_000 };

export interface SeederOptions extends Omit<PeerSource, 'mayServe'> {
  mayServe(want: PeerWant): Promise<boolean>;
  peer: PeerId;
  /** Where our own PeerServer is. */
  address: Omit<PeerAddress, 'path'>;
  log: Log;
  connectionsMax?: number;
  openDeadlineMs?: number;
  /** It has joined its PeerServer. */
  joined?(): void;
}

/** The hub as a WebRTC peer that serves blobs. */
export interface Seeder {
  close(): void;
}

/**
 * The hub as a peer: joins its own PeerServer and serves blobs on the negotiated channel of every
 * connection. It never asks for anything. When the PeerServer drops it, it joins again.
 */
export function openSeeder(options: SeederOptions): Seeder {
  const { log } = options;
  const connections = new Map<PeerConnection, Use>();
  const most = options.connectionsMax ?? CONNECTIONS_MAX;
  let closed = false;
  let rejoinMs = REJOIN_MS.first;
  let rejoin: NodeJS.Timeout | undefined;
  let link = join();

  function join(): PeerLink {
    const opened = openPeer(options.peer, { ...options.address, path: SIGNALLING_PATH });
    opened.on('open', () => {
      rejoinMs = REJOIN_MS.first;
      options.joined?.();
    });
    opened.on('error', (error) => log.debug({ error: error.message }, 'seeder error'));
    opened.on('connection', take);
    opened.on('disconnected', joinAgain);
    opened.on('close', joinAgain);
    return opened;
  }

  /** Data channels outlive the PeerServer, so only the link is renewed. */
  function joinAgain(): void {
    if (closed || rejoin !== undefined) return;
    rejoin = setTimeout(() => {
      rejoin = undefined;
      if (closed) return;
      if (link.destroyed) link = join();
      else link.reconnect();
    }, rejoinMs);
    rejoinMs = Math.min(2 * rejoinMs, REJOIN_MS.most);
  }

  /** The channel is made at once: both sides must have it before the connection is negotiated. */
  function take(connection: PeerConnection): void {
    closeOlder(connections, connection.peer);
    const channel = connections.size < most ? openChannel(connection) : undefined;
    if (channel === undefined) return connection.close();
    const end = () => {
      clearTimeout(late);
      if (connections.delete(connection)) connection.close();
    };
    // PeerJS tells nobody when a connection ends that was never open.
    const late = setTimeout(end, options.openDeadlineMs ?? OPEN_DEADLINE_MS);
    late.unref();
    const use: Use = { usedAt: performance.now(), end };
    const touched = () => {
      use.usedAt = performance.now();
    };
    connections.set(connection, use);
    options.counters.peersServed += 1;
    channel.addEventListener('open', () => clearTimeout(late));
    channel.addEventListener('close', end);
    connection.on('close', end);
    connection.on('error', (error) => log.debug({ error: error.message }, 'peer connection error'));
    const { peer } = connection;
    const mayServe: PeerSource['mayServe'] = (asked) => options.mayServe({ peer, ...asked });
    servePeer(channel, { ...options, mayServe }, touched);
  }

  const sweep = setInterval(() => closeIdle(connections), SWEEP_MS);
  sweep.unref();

  return {
    close() {
      closed = true;
      clearInterval(sweep);
      clearTimeout(rejoin);
      // One by one: PeerJS skips every second connection of a peer when it is destroyed.
      for (const { end } of [...connections.values()]) end();
      link.destroy();
    },
  };
}

/** The negotiated channel, or undefined where the offer left a connection that can have none. */
function openChannel(connection: PeerConnection): DataChannel | undefined {
  const { label, id } = PEER_CHANNEL;
  try {
    return connection.peerConnection.createDataChannel(label, { negotiated: true, id });
  } catch {
    return undefined;
  }
}

/** A connection of a peer: when it last asked or took something, and how to end it. */
interface Use {
  usedAt: number;
  end(): void;
}

function closeOlder(connections: Map<PeerConnection, Use>, peer: string): void {
  const own = [...connections].filter(([each]) => each.peer === peer);
  for (const [, { end }] of own.slice(0, own.length + 1 - CONNECTIONS_PER_PEER_MAX)) end();
}

function closeIdle(connections: Map<PeerConnection, Use>): void {
  const idleSince = performance.now() - IDLE_MS;
  for (const { usedAt, end } of [...connections.values()]) if (usedAt < idleSince) end();
}
