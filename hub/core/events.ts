import type { SignedEpoch } from '#protocol/epoch.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Root, Signature } from '#protocol/ids.ts';
import type { JobRecord, JobView } from '#protocol/job.ts';
import type { ClientMessage, FrameHead, HubMessage } from '#protocol/messages/control.ts';
import type { BlobRef, PackageManifest, Provider } from '#protocol/package.ts';
import type { AcceptedShard, LogEntry, SignedVerdict } from '#protocol/records.ts';
import type { Refusal, Result } from '#protocol/refusal.ts';
import type {
  Funding,
  LeafFileView,
  PayoutRequest,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { SigningContext } from '#protocol/signature.ts';
import type { TensorSpec } from '#protocol/tensor.ts';
import type { Instant, Millis } from '#protocol/units.ts';

/** A control socket, numbered by the edge. */
export type SocketId = number;
/** Pairs a `store` effect with its `stored` event. */
export type Token = number;
/** Pairs a command with its `reply` effect. */
export type RequestId = number;

/** A record and what is said to be its signature. */
export interface Signed {
  key: PublicKey;
  context: SigningContext;
  record: unknown;
  signature: Signature;
}

/** What the core may ask of the world while it decides: all of it repeatable from a seed. */
export interface World {
  now: Instant;
  random(): Nonce;
  sign(context: SigningContext, record: unknown): Signature;
  verify(signed: Signed): boolean;
  sha256(bytes: Uint8Array): Uint8Array;
}

/** A device gets no work until then. `work`: what was found wrong; old bans do not name it. */
export interface Ban {
  device: PublicKey;
  until: Instant;
  reason: string;
  work?: { lease: LeaseId; unit: number };
  at: Instant;
}

/** An operator lifted the ban of that moment; the reason is shown in public. */
export interface Pardon {
  device: PublicKey;
  bannedAt: Instant;
  reason: string;
  at: Instant;
}

/** A durable, append-only statement. Balances, progress and views are projections of these. */
export type Fact =
  | { type: 'job-created'; record: JobRecord; inputDigests: Uint8Array }
  /** The items of a job were cut into other units, before it was packaged: its record from here on. */
  | { type: 'job-recut'; record: JobRecord; inputDigests: Uint8Array }
  | { type: 'job-packaged'; job: JobId; manifest: PackageManifest }
  | {
      type: 'job-moved';
      job: JobId;
      state: JobView['state'];
      reason: string;
      at: Instant;
      refusal?: Refusal;
    }
  | { type: 'committed'; commitment: CommittedShard }
  | {
      type: 'accepted';
      shard: AcceptedShard;
      salt: Nonce;
      computeMs: Millis;
      outputs: Uint8Array;
      /** Where the package has taps: of each unit, end to end. */
      fingerprints?: Uint8Array;
    }
  /**
   * A commitment was never opened and cannot be any more. `blamed`: its device let it lapse;
   * `resets`: with it the device lost the trust it had.
   */
  | {
      type: 'lapsed';
      index: number;
      device: PublicKey;
      blamed: boolean;
      resets: boolean;
      at: Instant;
    }
  | { type: 'verdict'; signed: SignedVerdict }
  | { type: 'judged'; verifier: PublicKey; through: number }
  /** A verifier opened an epoch, or revealed its seed. */
  | { type: 'epoch'; signed: SignedEpoch }
  /** An accepted shard is void; its units are open again. */
  | { type: 'voided'; sequence: number; job: JobId; reason: string; at: Instant }
  | ({ type: 'barred' } & Ban)
  /** A device was unfit for a package on this provider. */
  | {
      type: 'set-aside';
      device: PublicKey;
      package: Digest;
      provider: Provider;
      until: Instant;
      reason: string;
      at: Instant;
    }
  /** An accepted shard of a job with assurance is final: its results may be read. */
  | { type: 'released'; sequence: number; job: JobId; at: Instant }
  | { type: 'verifier-enrolled'; key: PublicKey; at: Instant }
  /** For good: its key is never enrolled again. */
  | { type: 'verifier-removed'; key: PublicKey; at: Instant }
  | ({ type: 'pardoned' } & Pardon)
  /**
   * What verdicts on a unit come to. `wrong`: its device is banned. `unfit`: the device loses the
   * provider. `unconfirmed`: one verifier alone found it wrong, once. `tie`: verifiers do not agree.
   */
  | {
      type: 'resolved';
      job: JobId;
      lease: LeaseId;
      unit: number;
      outcome: 'wrong' | 'right' | 'tie' | 'unfit' | 'unconfirmed';
      at: Instant;
    }
  /** The money of a job lies in its escrow. */
  | { type: 'job-funded'; job: JobId; funding: Funding }
  /** The poster of its escrow has asked for the rest. */
  | { type: 'job-closing'; job: JobId; at: Instant }
  | { type: 'payout-linked'; payout: PayoutView }
  /** A verifier left the leaves of an epoch; their bytes are the blob `root`. */
  | { type: 'leaf-file'; file: LeafFileView; root: Root }
  /** The majority of verifiers contradicted this one on a unit. */
  | {
      type: 'verifier-fault';
      verifier: PublicKey;
      job: JobId;
      lease: LeaseId;
      unit: number;
      at: Instant;
    };

/** A commitment in the log, with what is needed to honour its lease after a restart. */
export interface CommittedShard {
  entry: LogEntry;
  logSignature: Signature;
  shard: Pick<
    AcceptedShard,
    | 'job'
    | 'lease'
    | 'device'
    | 'class'
    | 'provider'
    | 'package'
    | 'firstUnit'
    | 'unitCount'
    | 'donated'
  >;
  signature: Signature;
}

/** Units of several items, and how many items there are: the last unit may be filled up. */
export interface ItemCut {
  inputs: BlobRef;
  specs: readonly TensorSpec[];
  items: number;
}

/** The items as units of one: the blobs of units and of digests, and the digests. */
export interface RecutInputs {
  inputs: BlobRef;
  inputDigests: BlobRef;
  digestBytes: Uint8Array;
}

/** What of a fact changes the state: of an accepted shard not its bytes. */
export type AppliedFact =
  | Exclude<Fact, { type: 'accepted' }>
  | Pick<Extract<Fact, { type: 'accepted' }>, 'type' | 'shard'>;

/** Part of a blob the hub holds. */
export interface BlobRange {
  root: Root;
  offset: number;
  length: number;
}

export type HubCommand =
  | { type: 'create'; record: JobRecord; inputDigests: Uint8Array }
  | { type: 'start'; job: JobId }
  | { type: 'cancel'; job: JobId }
  | { type: 'enrol'; key: PublicKey }
  | { type: 'remove-verifier'; key: PublicKey }
  | { type: 'pardon'; device: PublicKey; reason: string }
  /** The edge has read on the chain what is said of escrows. */
  | { type: 'fund'; job: JobId; funding: Funding }
  | { type: 'close'; job: JobId }
  | { type: 'payout'; payout: PayoutRequest }
  | { type: 'leaves'; file: LeafFileView; root: Root };

export type HubEvent =
  | { type: 'connected'; socket: SocketId }
  | { type: 'received'; socket: SocketId; message: ClientMessage }
  | { type: 'framed'; socket: SocketId; head: FrameHead; payload: Uint8Array }
  /** The edge could not decode what came; the core decides what follows. */
  | { type: 'malformed'; socket: SocketId; refusal: Refusal }
  | { type: 'disconnected'; socket: SocketId }
  | { type: 'command'; request: RequestId; command: HubCommand }
  | { type: 'stored'; token: Token }
  | { type: 'keep-failed'; token: Token; refusal: Refusal }
  /** Why the disk takes no writes, and that it does again. Facts that wait are written then, in order. */
  | { type: 'disk'; trouble: Refusal | undefined }
  /** Known-answer blobs asked for by `keep` are on disk. */
  | { type: 'kept'; token: Token; refs: BlobRef[] }
  /** Items asked for by `recut` are units of one, on disk. */
  | { type: 'recut'; token: Token; cut: RecutInputs }
  /** At least once a second. */
  | { type: 'tick' }
  | { type: 'stopping' };

export type HubEffect =
  | { type: 'send'; socket: SocketId; message: HubMessage }
  | { type: 'close'; socket: SocketId }
  /** Make durable, then answer `stored` with the token. Facts keep their order across effects. */
  | { type: 'store'; token: Token; facts: readonly Fact[] }
  /** Make blobs of these bytes or ranges of other blobs, then answer `kept` with their refs in order. */
  | { type: 'keep'; token: Token; blobs: (Uint8Array | BlobRange)[] }
  /** Cut these units into units of one item, then answer `recut`. */
  | { type: 'recut'; token: Token; cut: ItemCut }
  | { type: 'reply'; request: RequestId; result: Result<JobView | null> }
  /** A job's view changed; for its event stream. */
  | { type: 'changed'; job: JobId };
