import type { JobRecord, JobView } from '#protocol/api/job.ts';
import type { ProfileRequest } from '#protocol/api/profiles.ts';
import type { Signed, SigningContext } from '#protocol/bytes/signature.ts';
import type { ClientMessage, FrameHead, HubMessage } from '#protocol/messages/control.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Funding, LeafFileView, PayoutRequest } from '#protocol/settlement/money-api.ts';
import type { JobId, Nonce, PublicKey, Root, Signature } from '#protocol/values/ids.ts';
import type { Refusal, Result } from '#protocol/values/refusal.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Fact, ItemCut, MendedUnit, OutputSegment, UnitCut } from './facts.ts';
import type { DeviceRecord } from './trust.ts';

/** A control socket, numbered by the edge. */
export type SocketId = number;
/** Pairs a `store` effect with its `stored` event. */
export type Token = number;
/** Pairs a command with its `reply` effect. */
export type RequestId = number;

/** What the core may ask of the world while it decides: all of it repeatable from a seed. */
export interface World {
  now: Instant;
  random(): Nonce;
  sign(context: SigningContext, record: unknown): Signature;
  verify(signed: Signed): boolean;
  sha256(bytes: Uint8Array): Uint8Array;
}

/** The items as units of another size: the blobs of units and of digests, and the digests. */
export interface RecutInputs {
  inputs: BlobRef;
  inputDigests: BlobRef;
  digestBytes: Uint8Array;
}

/** Part of a blob the hub holds. */
export interface BlobRange {
  root: Root;
  offset: number;
  length: number;
}

/** What the API asks of the hub; each is answered once its facts are on disk. */
export type HubCommand =
  | { type: 'create'; record: JobRecord; inputDigests: Uint8Array }
  | { type: 'start'; job: JobId }
  /** More units of an open job, a blob of them, and the SHA-256 of each. */
  | { type: 'add-inputs'; job: JobId; inputs: BlobRef; units: number; digests: Uint8Array }
  | { type: 'end-inputs'; job: JobId }
  | { type: 'cancel'; job: JobId }
  /** Its inputs and results are not wanted any more, or their time is over. */
  | { type: 'remove-data'; job: JobId }
  /** The edge has put outputs of an archived job into a segment, or leaves the rest where it is. */
  | { type: 'keep-outputs'; job: JobId; segment?: OutputSegment }
  | { type: 'enrol'; key: PublicKey }
  | { type: 'remove-verifier'; key: PublicKey }
  | { type: 'pardon'; device: PublicKey; reason: string }
  /** The edge has read on the chain what is said of escrows. */
  | { type: 'fund'; job: JobId; funding: Funding }
  | { type: 'close'; job: JobId }
  | { type: 'payout'; payout: PayoutRequest }
  | { type: 'profile'; profile: ProfileRequest }
  | { type: 'remove-profile'; device: PublicKey }
  | { type: 'leaves'; file: LeafFileView; root: Root };

/** Everything that happens to a hub. */
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
  /** Why the disk takes no writes, and that it does again: facts that wait are then written. */
  | { type: 'disk'; trouble: Refusal | undefined }
  /** The process stood still for seconds: devices may have given their sockets up meanwhile. */
  | { type: 'woke' }
  /** Known-answer blobs asked for by `keep` are on disk. */
  | { type: 'kept'; token: Token; refs: BlobRef[] }
  /** Items asked for by `recut` are units of one, on disk. */
  | { type: 'recut'; token: Token; cut: RecutInputs }
  /** A unit asked for by `mend` is on disk. */
  | { type: 'mended'; token: Token; mended: MendedUnit }
  /** What was asked for by `load`: the record of a device, where it was archived. */
  | { type: 'loaded'; device: PublicKey; found: Result<DeviceRecord | undefined> }
  /** At least once a second. */
  /** Open requests are due, as the effect of this name asked. */
  | { type: 'schedule' }
  /** Leases of an open job may be late, as the effect of this name asked. */
  | { type: 'look-late'; job: JobId }
  | { type: 'tick' }
  | { type: 'stopping' };

/** Everything a hub has done for it. */
export type HubEffect =
  | { type: 'send'; socket: SocketId; message: HubMessage }
  | { type: 'close'; socket: SocketId }
  /** Make durable, then answer `stored` with the token. Facts keep their order across effects. */
  | { type: 'store'; token: Token; facts: readonly Fact[] }
  /** Make blobs of these bytes or ranges of other blobs, then answer `kept` with their refs. */
  | { type: 'keep'; token: Token; blobs: (Uint8Array | BlobRange)[] }
  /** Cut these units into units of one item, then answer `recut`. */
  | { type: 'recut'; token: Token; cut: ItemCut }
  /** Put good items in the place of failed ones, then answer `mended`. */
  | { type: 'mend'; token: Token; cut: UnitCut }
  /** Read the newest archived record of a device, then answer `loaded`. */
  | { type: 'load'; device: PublicKey }
  | { type: 'reply'; request: RequestId; result: Result<JobView | null> }
  /** A job's view changed; for its event stream. `units`: these were accepted. */
  | { type: 'changed'; job: JobId; units?: { first: number; end: number } }
  /** Post the event of this name after so many milliseconds. */
  | { type: 'look-late'; job: JobId; afterMs: number }
  /** Post the event of this name, once for all that comes meanwhile. */
  | { type: 'schedule' };
