import { createRequire } from 'node:module';
import nodeDataChannel from 'node-datachannel/polyfill';
import type * as v from 'valibot';
import { ServerSignal } from '#protocol/messages/signalling.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { WebSocket } from '../sockets/web-socket.ts';
import { cutCandidates, mayTry, type Reach } from './candidates.ts';
import type { DataChannel } from './peer-channel.ts';

/** The part of PeerJS that is used; its own types name the DOM, which a hub does not have. */
export interface PeerLink {
  on(event: 'open' | 'disconnected' | 'close', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'connection', listener: (connection: PeerConnection) => void): void;
  connect(peer: string, options: { serialization: 'raw'; reliable: true }): PeerConnection;
  reconnect(): void;
  destroy(): void;
  readonly destroyed: boolean;
}
export interface PeerConnection {
  readonly peer: string;
  readonly peerConnection: {
    createDataChannel(label: string, options: { negotiated: true; id: number }): DataChannel;
  };
  on(event: 'close' | 'open', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  close(): void;
}

export interface PeerAddress {
  host: string;
  port: number;
  path: string;
  token: string;
  /** PEM of the certificate to trust, for HTTPS with a self-signed one. */
  authority?: string;
  iceServers: readonly { urls: string[]; username?: string; credential?: string }[];
  /** Where the addresses lie that this peer tries when others name them. */
  reach: Reach;
}

const authorities = new Map<string, string>();

/** Trusts the hub's own certificate, and no other, when the hub serves HTTPS by itself. */
class LocalWebSocket extends WebSocket {
  constructor(address: string | URL) {
    const { host } = new URL(address);
    const ca = authorities.get(host);
    super(address, ca === undefined ? {} : { ca });
    // PeerJS listens for `close` only, which follows; an error nobody hears would end the process.
    this.on('error', () => undefined);
  }
}

/** PeerJS 1.5.5 within: the one place that every message of the PeerServer comes through. */
interface PeerInside extends PeerLink {
  _handleMessage(message: unknown): void;
  getConnection(peer: string, connectionId: string): HeldConnection | null;
  emit(event: 'error', error: Error): boolean;
}
interface HeldConnection {
  /** Null once it is closed. */
  peerConnection: unknown;
  handleMessage(message: unknown): Promise<void>;
}
type PeerConstructor = new (id: string, options: object) => PeerInside;
type Signalled = v.InferOutput<typeof ServerSignal>;

/** What another peer says, without addresses that may not be tried; undefined where none is left. */
function cutAddresses(said: Signalled, reach: Reach): Signalled | undefined {
  switch (said.type) {
    case 'CANDIDATE':
      return mayTry(said.payload.candidate.candidate, reach) ? said : undefined;
    case 'OFFER': {
      const { payload } = said;
      const sdp = { ...payload.sdp, sdp: cutCandidates(payload.sdp.sdp, reach) };
      return { ...said, payload: { ...payload, sdp } };
    }
    case 'ANSWER': {
      const { payload } = said;
      const sdp = { ...payload.sdp, sdp: cutCandidates(payload.sdp.sdp, reach) };
      return { ...said, payload: { ...payload, sdp } };
    }
    default:
      return said;
  }
}

/**
 * PeerJS looks for WebRTC once, while it loads, so the globals come first. It is required, not
 * imported: loaders disagree on where the exports of its CommonJS build are.
 */
function loadPeerJs(reach: Reach): PeerConstructor {
  const { RTCPeerConnection, RTCSessionDescription, RTCIceCandidate, RTCError } = nodeDataChannel;
  // The polyfill's own channels look for RTCError among the globals when they fail.
  Object.assign(globalThis, {
    RTCPeerConnection,
    RTCSessionDescription,
    RTCIceCandidate,
    RTCError,
  });
  Object.assign(globalThis, { WebSocket: LocalWebSocket });
  const { Peer } = createRequire(import.meta.url)('peerjs') as { Peer: PeerConstructor };
  return checkSignals(Peer, reach);
}

/**
 * Lets only decoded messages into PeerJS, which trusts what it reads, and turns what it throws into
 * its `error` event. A message for a connection that is not there is dropped: PeerJS would keep it
 * for ever.
 */
function checkSignals(Peer: PeerConstructor, reach: Reach): PeerConstructor {
  return class extends Peer {
    override _handleMessage(message: unknown): void {
      const signal = decodeWith(ServerSignal, message);
      if (!signal.ok) return this.#fail(new Error(signal.refusal.message));
      const value = cutAddresses(signal.value, reach);
      if (value === undefined) return;
      if (value.type === 'ANSWER' || value.type === 'CANDIDATE') {
        const held = this.getConnection(value.src, value.payload.connectionId);
        if (held === null || held.peerConnection === null) return;
        return void held.handleMessage(value).catch((error: Error) => this.#fail(error));
      }
      try {
        super._handleMessage(value);
      } catch (error) {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    }

    #fail(error: Error): void {
      this.emit('error', error);
    }
  };
}

/**
 * Joins a PeerServer from Node: PeerJS over node-datachannel and `ws`. PeerJS finds both as
 * globals, as in a browser.
 */
export function openPeer(id: string, address: PeerAddress): PeerLink {
  const { authority } = address;
  if (authority !== undefined) authorities.set(`${address.host}:${address.port}`, authority);
  const Peer = loadPeerJs(address.reach);
  return new Peer(id, {
    host: address.host,
    port: address.port,
    path: address.path,
    token: address.token,
    secure: authority !== undefined,
    debug: 0,
    // Always given: PeerJS's default asks public servers for help.
    config: { iceServers: address.iceServers },
  });
}
