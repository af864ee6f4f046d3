import type { Send } from '#client/client.ts';
import type { SigningContext } from '#protocol/bytes/signature.ts';
import type { CompiledRuntime, ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { DeviceStatus, IceServer } from '#protocol/messages/device.ts';
import type { HistoryNote } from '#protocol/messages/history.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Root, Signature } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { RefusalCode } from '#protocol/values/refusal.ts';
import type { DeviceMemory, RuntimeBuild } from '../core/events.ts';

/** Blobs a device keeps. Pieces are written once their hash holds; `finish` makes a blob whole. */
export interface BlobCache {
  has(ref: BlobRef): Promise<boolean>;
  /** Reads from a whole blob. */
  read(root: Root, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  write(ref: BlobRef, offset: number, data: Uint8Array): Promise<void>;
  finish(ref: BlobRef): Promise<void>;
  /** Gives the room of a blob back. */
  remove(root: Root): Promise<void>;
  close(): Promise<void>;
}

/** A compute worker, whichever world it runs in. */
export interface ComputePort {
  post(request: ComputeRequest, transfer: ArrayBuffer[]): void;
  terminate(): void;
}
/** Starts a compute worker. */
export type OpenComputePort = (
  provider: Provider,
  on: { reply(reply: ComputeReply): void; broken(reason: string, code?: RefusalCode): void },
) => ComputePort;

/** Peers over WebRTC. Node has none: there HTTPS brings everything. */
export interface PeerLinks {
  /** Connected peers that may hold this blob. */
  holders(root: Root): string[];
  request(
    peer: string,
    range: { root: Root; offset: number; length: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
  join(grid: {
    peer: string;
    /** Without it nobody may join under this name. */
    token: string;
    seeder: string;
    iceServers: readonly IceServer[];
  }): void;
  addHolders(root: Root, peers: readonly string[]): void;
  /** Ends the connection to a peer that gave wrong bytes, or none; another may have its place. */
  letGo(peer: string): void;
  leave(): void;
}

/** Builds of the runtime that a page fetches. In Node they are installed. */
export interface Runtimes {
  /** Goes on where an earlier try stopped; throws a `PocketgridError` when the line breaks. */
  fetch(
    build: RuntimeBuild,
    progress: (at: { received: number; total: number }) => void,
  ): Promise<void>;
  /** Ends a fetch, which then fails. */
  cancel(build: RuntimeBuild): void;
  /** What has come of a build, for `load`. */
  find(build: RuntimeBuild): CompiledRuntime | undefined;
}

/** The world of a contributor: a browser's worker or a Node process. */
export interface DeviceWorld {
  hub: URL;
  /** How requests get to the hub; `fetch` without. */
  send?: Send | undefined;
  openSocket(url: string): WebSocket;
  /** Watches one socket: says after each message why the hub is not trusted. Pages trust theirs. */
  watchHub?(): (message: HubMessage) => string | undefined;
  sign(context: SigningContext, record: unknown): Promise<Signature>;
  remember(memory: DeviceMemory): Promise<void>;
  cache: BlobCache;
  openPort: OpenComputePort;
  peers?: PeerLinks;
  runtimes?: Runtimes;
  tell(status: DeviceStatus): void;
  /** Keeps what its person may want to look back at. */
  note?(note: HistoryNote): void;
}
