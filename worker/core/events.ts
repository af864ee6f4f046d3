import type { Blocks } from '#protocol/api/about.ts';
import type { Puzzle } from '#protocol/bytes/puzzle.ts';
import type { SigningContext } from '#protocol/bytes/signature.ts';
import type { CarePolicy, DeviceSignals } from '#protocol/messages/care.ts';
import type { LoadRuntime } from '#protocol/messages/compute.ts';
import type {
  Capabilities,
  ContributorMessage,
  Donation,
  FrameHead,
  HubMessage,
  SkippedProvider,
  Trial,
} from '#protocol/messages/control.ts';
import type { DeviceStatus, IceServer } from '#protocol/messages/device.ts';
import type { HistoryNote } from '#protocol/messages/history.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Dtype } from '#protocol/tensors/tensor.ts';
import type { Digest, Nonce, PeerId, PublicKey, Root, Signature } from '#protocol/values/ids.ts';
import type { Partition, Provider } from '#protocol/values/provider.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import type { Bytes, Instant, Millis } from '#protocol/values/units.ts';
import type { DayBook } from './care/care.ts';
import type { KnownBad } from './known-bad.ts';

/** A control socket, a fetch, a compute worker, a run: numbered by the core, never used again. */
export type SocketId = number;
/** Number of a download. */
export type FetchId = number;
/** A build of the runtime: for wasm, or for what runs on a GPU. */
export type RuntimeBuild = 'cpu' | 'gpu';
/** Number of a compute worker. */
export type WorkerId = number;
export type RunId = number;
/** Pairs `sign` with `signed` and `remember` with `remembered`. */
export type Token = number;

/** What the core may ask of the world while it decides: repeatable from a seed. */
export interface World {
  now: Instant;
  random(): Nonce;
}

/** What a device is and what its person chose. */
export interface ContributorConfig {
  key: PublicKey;
  capabilities: Capabilities;
  /** The provider the person chose; 'auto' keeps the fastest right one of those offered. */
  provider: Provider | 'auto';
  /** Providers left out in 'auto', each with the sentence to show (a software adapter, say). */
  skipped: readonly SkippedProvider[];
  /** Faults that others found on such devices, on some models. */
  knownBad: readonly KnownBad[];
  /** A memory trial takes no more than this: past it the whole device would suffer. */
  provableBytes: Bytes;
  /** Runtime version, engine and adapter: a kept admission holds only for the same. */
  runtime: string;
  /** A page fetches the runtime; in Node it is there. */
  fetchesRuntime: boolean;
  /** Takes work for what is kept on this device alone: it downloads no model and tests none. */
  onlyKept?: true;
  /** What an earlier life of this device left behind. */
  memory: DeviceMemory;
  /** Whether `remember` outlasts this life. */
  isKept: boolean;
  /** When the page of an earlier life last went away by itself: a step begun before ended no tab. */
  leftAt?: Instant | undefined;
  /** Shards after which the compute worker is replaced: 200 on iOS, 2,000 elsewhere. */
  recycleShards: number;
  /** Whether this device serves whole blobs to peers. */
  serves: boolean;
  /** For which jobs it wants nothing, as its person chose. */
  donates: Donation;
  /** What it wants no work of, likewise. */
  blocks: Blocks;
  /** What its person lets it do. */
  care: CarePolicy;
  signals: DeviceSignals;
}

/** Durable between lives of a device; small, written whole. */
export interface DeviceMemory {
  /** A risky step that was begun. Found at start, it says that the tab died in it. */
  tombstone?: Tombstone;
  deaths: readonly Tombstone[];
  /** What memory trials found; one that is `underway` at start ended the tab. */
  heap?: { proven?: Bytes; failed?: TriedMemory; underway?: TriedMemory };
  admissions: readonly KeptAdmission[];
  /** What it sent and received today. */
  today?: DayBook;
}
export interface Tombstone {
  package: Digest;
  provider: Provider;
  /** Absent in those of older versions. */
  threads?: number;
  at: Instant;
}
/** So much memory was tried then. */
export interface TriedMemory {
  bytes: Bytes;
  at: Instant;
}
/** What an admission test found, kept for later visits. */
export interface KeptAdmission {
  package: Digest;
  runtime: string;
  /** What was chosen by the person when this was measured. */
  chosen: Provider | 'auto';
  provider: Provider;
  dtype: Dtype;
  threads: number;
  unitMs: Millis;
  trials: readonly Trial[];
}

/** What is downloaded. */
export type FetchTarget =
  /**
   * A whole blob, checked against its root, kept in the device's store, served to peers; a `brief` one is
   * handed over and then kept nowhere, one that must be `kept` is not downloaded.
   */
  | { kind: 'blob'; ref: BlobRef; brief?: boolean; kept?: true }
  /** Consecutive units of a blob, each checked against its SHA-256. Not kept. */
  | {
      kind: 'units';
      root: Root;
      length: Bytes;
      offset: Bytes;
      unitBytes: Bytes;
      /** 32 bytes per unit, end to end. */
      digests: Uint8Array;
    };

/** Everything that happens to a contributor. */
export type ContributorEvent =
  | { type: 'start' }
  | { type: 'stop' }
  /** Takes nothing more, and stops for this reason when nothing is under way. */
  | { type: 'finish'; reason: Reason }
  /** Its person wants no more waiting for a hub that was away. */
  | { type: 'try-now' }
  | { type: 'visible'; visible: boolean }
  /** Its person chose anew what to give away. */
  | { type: 'donate'; jobs: Donation }
  /** Its person chose anew what it wants no work of. */
  | { type: 'block'; blocks: Blocks }
  /** Its person chose anew what it may do. */
  | { type: 'care'; policy: CarePolicy }
  | { type: 'signals'; signals: DeviceSignals }
  | { type: 'opened'; socket: SocketId }
  | { type: 'received'; socket: SocketId; message: HubMessage }
  /** The edge could not decode what came. */
  | { type: 'malformed'; socket: SocketId; refusal: Refusal }
  /** Also when it could not be opened; never for a socket the core itself closed. */
  | { type: 'closed'; socket: SocketId; reason: string }
  | { type: 'solved'; socket: SocketId; answer: number }
  | { type: 'signed'; token: Token; signature: Signature }
  | { type: 'remembered'; token: Token }
  /** At most four times a second for each fetch. */
  | { type: 'fetch-progress'; fetch: FetchId; received: Bytes; overPeers: Bytes; overHttps: Bytes }
  /** Bytes on the line, in all its tries; at most four times a second. */
  | { type: 'runtime-progress'; fetch: FetchId; received: Bytes; total: Bytes }
  /** `bytes` when the fetch asked for them. */
  | { type: 'fetched'; fetch: FetchId; bytes?: Uint8Array<ArrayBuffer> }
  | { type: 'fetch-failed'; fetch: FetchId; refusal: Refusal }
  /** A peer gave wrong bytes of a blob, or none, and is asked for it no more. */
  | { type: 'source-failed'; root: Root; peer: PeerId }
  | { type: 'loaded'; worker: WorkerId; partition?: Partition }
  | { type: 'proven'; worker: WorkerId }
  | { type: 'progress'; worker: WorkerId; run: RunId; unitsDone: number }
  | {
      type: 'ran';
      worker: WorkerId;
      run: RunId;
      bytes: Uint8Array<ArrayBuffer>;
      digests: Uint8Array;
      /** Where the package has taps. */
      taps?: { bytes: Uint8Array; digests: Uint8Array };
      computeMs: Millis;
    }
  /**
   * A run of the worker failed, at this unit of it where that is known; or, without a run, all of
   * the worker. The core decides whether it is used again.
   */
  | { type: 'worker-failed'; worker: WorkerId; run?: RunId; unit?: number; refusal: Refusal }
  /** Bytes of models that are kept on this device. */
  | { type: 'kept'; total: Bytes }
  /** Bytes served to peers, in all since the device started. */
  | { type: 'served'; total: Bytes }
  /** At least once a second; sooner is smoother. */
  | { type: 'tick' };

/** Everything a contributor has done for it. */
export type ContributorEffect =
  | { type: 'connect'; socket: SocketId }
  | { type: 'close'; socket: SocketId }
  | { type: 'send'; socket: SocketId; message: ContributorMessage }
  | { type: 'send-frame'; socket: SocketId; head: FrameHead; payload: Uint8Array }
  /** Search the answer to a puzzle, then answer `solved`; it may take seconds. */
  | { type: 'solve'; socket: SocketId; puzzle: Puzzle & { nonce: Nonce } }
  | { type: 'sign'; token: Token; context: SigningContext; record: unknown }
  /** Make durable, then answer `remembered`. */
  | { type: 'remember'; token: Token; memory: DeviceMemory }
  /** `wantBytes`: hand the bytes over in `fetched`; else they stay in the store until `load`. */
  | { type: 'fetch'; fetch: FetchId; target: FetchTarget; wantBytes: boolean }
  | { type: 'cancel-fetch'; fetch: FetchId }
  | { type: 'cancel-runtime'; build: RuntimeBuild }
  /** Fetch a build of the runtime for `load`, on from where an earlier try stopped. */
  | { type: 'fetch-runtime'; fetch: FetchId; build: RuntimeBuild }
  /** Open a compute worker for this provider and load the model from the store. */
  | {
      type: 'load';
      worker: WorkerId;
      model: BlobRef;
      provider: Provider;
      threads: number;
      runtime: LoadRuntime;
    }
  /** Runs of one worker are done in order, one after another. `inputs` may be transferred away. */
  | {
      type: 'run';
      worker: WorkerId;
      run: RunId;
      unitCount: number;
      inputs: Uint8Array<ArrayBuffer>;
    }
  /** Open a compute worker and have it take so much memory; answered by `proven`. */
  | { type: 'prove'; worker: WorkerId; bytes: Bytes }
  | { type: 'terminate'; worker: WorkerId }
  | { type: 'status'; status: DeviceStatus }
  /** For the person's own list of what the device did. */
  | { type: 'note'; note: HistoryNote }
  /** The hub knows this device: how to read its blobs, and whom to ask for pieces. */
  | {
      type: 'joined';
      ticket: string;
      peer?: PeerId;
      peerToken?: Nonce;
      seeder?: PeerId;
      iceServers: readonly IceServer[];
    }
  /** Peers that say they hold this blob. */
  | { type: 'sources'; root: Root; peers: readonly PeerId[] }
  /** Drop all peers; serve no more. */
  | { type: 'left' };
