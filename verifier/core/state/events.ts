import type { UnitFingerprint } from '#protocol/api/api.ts';
import type { PackageDraft } from '#protocol/api/job.ts';
import type { Signed, SigningContext } from '#protocol/bytes/signature.ts';
import type { CheckPolicy } from '#protocol/checks/check-policy.ts';
import type { OutputDistance } from '#protocol/checks/comparison.ts';
import type { DecoySample } from '#protocol/checks/thresholds.ts';
import type { ClientMessage, FrameHead, HubMessage } from '#protocol/messages/control.ts';
import type { Steps } from '#protocol/models/decoder.ts';
import type { BlobRef, PackageManifest } from '#protocol/models/package.ts';
import type { SignedEpoch, SignedEpochOf } from '#protocol/records/epoch.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { SignedVerdict, UnitInputs } from '#protocol/records/records.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import type { Refusal, Result } from '#protocol/values/refusal.ts';
import type { Bytes, Instant, Millis } from '#protocol/values/units.ts';

/** One attempt at a control socket, numbered by the core; events of an older link are ignored. */
export type LinkId = number;
/** Pairs a `persist` effect with its `persisted` event. */
export type Token = number;
/** Pairs an `execute`, `claim`, `fingerprint` or `prepare` effect with its answer. */
export type TaskId = number;

/** What the core may ask of the world while it decides: all of it repeatable from a seed. */
export interface World {
  now: Instant;
  /** 32 random bytes; epoch seeds and the jitter of the back-off come from here. */
  random(): Nonce;
  sign(context: SigningContext, record: unknown): Signature;
  verify(signed: Signed): boolean;
}

/** What the operator of a verifier sets. */
export interface VerifierConfig {
  key: PublicKey;
  policy: CheckPolicy;
  /** How long one epoch's seed is in use before it is closed and revealed. */
  epochMs: Millis;
  /** Most drawn units waiting at once; past it the hub is asked again later. */
  queueUnitsMax: number;
  /** Most `execute` and `claim` tasks at work at once. */
  tasksMax: number;
}

/** A period with one draw seed, kept until the hub has the seed too. */
export interface Epoch {
  number: number;
  seed: Nonce;
  /** First and last sequence drawn with this seed; `through` is set when it is closed. */
  from: number;
  through?: number;
  /** Numbers of the first and last verdict of others that it drew from. */
  reviewFrom: number;
  reviewThrough?: number;
  policy: CheckPolicy;
  /** As they were signed and logged. */
  opened: SignedEpochOf<'opened'>;
  revealed?: SignedEpochOf<'revealed'>;
}

/** A verdict and the accepted shard it belongs to. */
export interface FiledVerdict {
  sequence: number;
  signed: SignedVerdict;
  /** The number of the verdict that it reviews. */
  review?: number;
}

/** One line of the public log. */
export type LogLine = ({ type: 'verdict' } & FiledVerdict) | { type: 'epoch'; signed: SignedEpoch };

/** How far a verifier has come with one hub. */
export type Marks = Pick<Saved, 'judged' | 'settled' | 'reviewed'>;

/** What a verifier has on disk about one hub; loaded before the hello. */
export interface Saved {
  hub: PublicKey;
  /** Every draw through this sequence is judged and its verdict on disk; −1 before the first. */
  judged: number;
  /** The hub has had `judged` messages through this sequence for `SETTLE_MS` on a live link. */
  settled: number;
  /** Reviews through this number are judged, and the hub surely has them; 0 at first. */
  reviewed: number;
  /** Number of the last verdict of others that an epoch on disk may have drawn from. */
  reviewDrawn: number;
  /** Number of the newest epoch ever opened, 0 at first. */
  lastEpoch: number;
  /** Epochs whose seed the hub has not acknowledged, oldest first. */
  epochs: readonly Epoch[];
  /** Verdicts and reviews past these marks, oldest first: they may have to be sent again. */
  verdicts: readonly FiledVerdict[];
  /** Checks of GPUs, by all verdicts ever written: see `deviations.ts`. */
  counts: ReadonlyMap<string, CheckCount>;
}

/** One unit on the exact lane. */
export interface Reference {
  digest: Digest;
  /** Unit output bytes, tensors in manifest order. */
  bytes: Uint8Array;
  /** Where the package has taps: their bytes, end to end. */
  taps?: Uint8Array;
}

/** The fingerprint a device revealed of a unit, and the seed it had to project with. */
export interface Print {
  bytes: Uint8Array;
  seed: Uint8Array;
}

/** What running a new model on the exact lane found. */
export interface Preparation {
  outputs: readonly TensorSpec[];
  /** Units that known answers are made of: the first of those asked for that run. */
  units: readonly number[];
  /** Output bytes of each of them. */
  answers: readonly Uint8Array[];
  /** Every run: at least three more than units, so that the median is a warm one. */
  runs: readonly { unit: number; digest: Digest; computeMs: Millis }[];
  /** Where the draft has taps: their shapes, and their bytes over these units, end to end. */
  taps?: { specs: readonly TensorSpec[]; bytes: Uint8Array };
  /** Of units of several items. */
  neighbours?: NeighbourTrial;
  /** Of a model that writes text. */
  steps?: Steps;
  peakBytes: Bytes;
  /** The decoys that were run, on which of the units asked for, and how far they came out. */
  decoys: { names: readonly string[]; units: readonly number[]; samples: readonly DecoySample[] };
}

/** Known items run again: alone, and in other places of a unit among other items. */
export interface NeighbourTrial {
  /** Whether the model runs with a unit of one item. */
  runsAlone: boolean;
  /** How far their answers then lay from those they had, by output. */
  distances: readonly OutputDistance[];
}

/** A unit that failed on devices. */
export interface UnitToExamine {
  manifest: PackageManifest;
  inputs: UnitInputs;
  unit: number;
  /** Its items; what stands behind them repeats the last one. */
  items: number;
}

/** Everything that happens to a verifier. */
export type VerifierEvent =
  /** The socket is open; the hub speaks next. */
  | { type: 'connected'; link: LinkId }
  | { type: 'received'; link: LinkId; message: HubMessage }
  /** The edge could not decode what came. */
  | { type: 'malformed'; link: LinkId; refusal: Refusal }
  /** The link ended, or was never made. */
  | { type: 'disconnected'; link: LinkId; reason: string }
  | { type: 'bound'; saved: Saved }
  | { type: 'persisted'; token: Token }
  | { type: 'persist-failed'; token: Token; refusal: Refusal }
  | { type: 'executed'; task: TaskId; result: Result<Reference> }
  /** The bytes are whatever the hub sent: the core checks them against the claimed digest. */
  | { type: 'claimed'; task: TaskId; result: Result<Reference> }
  | { type: 'fingerprinted'; task: TaskId; result: Result<UnitFingerprint> }
  | { type: 'prepared'; task: TaskId; result: Result<Preparation> }
  | { type: 'examined'; task: TaskId; result: Result<readonly FailedItems[]> }
  /** Lines of this verifier that the hub has and its own log lacks, in an order of a log. */
  | { type: 'recalled'; link: LinkId; result: Result<readonly LogLine[]> }
  /** At least four times a second. */
  | { type: 'tick' }
  | { type: 'stopping' };

/** Everything a verifier has done for it. */
export type VerifierEffect =
  | { type: 'connect'; link: LinkId }
  | { type: 'disconnect'; link: LinkId }
  | { type: 'send'; link: LinkId; message: ClientMessage }
  | { type: 'send-frame'; link: LinkId; head: FrameHead; payload: Uint8Array }
  /** The bearer ticket for blobs and outputs, good for this link. */
  | { type: 'ticket'; ticket: string }
  /** Read back what this verifier has said to the hub and its log lacks, then answer `recalled`. */
  | { type: 'recall'; link: LinkId }
  /** Load what is on disk about this hub, then answer `bound`. */
  | { type: 'bind'; hub: PublicKey }
  /**
   * Make durable in this order: the unrevealed epochs with their seeds (where given), the lines,
   * the marks. Then answer `persisted`. Effects keep their order.
   */
  | {
      type: 'persist';
      token: Token;
      epochs?: readonly Epoch[];
      lines: readonly LogLine[];
      marks?: Marks;
    }
  /**
   * Re-execute one unit on the exact lane, answer `executed`. `fresh` asks for a compute worker
   * that has run nothing yet.
   */
  | {
      type: 'execute';
      task: TaskId;
      manifest: PackageManifest;
      inputs: UnitInputs;
      unit: number;
      fresh: boolean;
      /** The output bytes that a device claimed, where its kind is checked quicker with them. */
      claim?: Uint8Array;
    }
  /** Fetch the output bytes a device claimed, answer `claimed`. */
  | { type: 'claim'; task: TaskId; job: JobId; unit: number; lease: LeaseId }
  /**
   * Fetch the fingerprint a device revealed, answer `fingerprinted` if the log entry with it is
   * signed by this hub, and of this commitment where it is known.
   */
  | {
      type: 'fingerprint';
      task: TaskId;
      job: JobId;
      unit: number;
      lease: LeaseId;
      commitment: Digest | undefined;
      hub: PublicKey;
    }
  /**
   * Run a new model over the first two of these units of its job's inputs that run, and its decoys;
   * answer `prepared`.
   */
  | {
      type: 'prepare';
      task: TaskId;
      job: JobId;
      draft: PackageDraft;
      inputs: BlobRef;
      units: readonly number[];
      /** Units to run the model's decoys on; the first of them where time is short. */
      decoyUnits: readonly number[];
    }
  /** Find the items of this unit that cannot be computed; answer `examined`. */
  | ({ type: 'examine'; task: TaskId } & UnitToExamine)
  /** A line for the person who watches. */
  | { type: 'say'; level: 'info' | 'warning' | 'catch'; text: string }
  /** Everything that had to be written is written. */
  | { type: 'stopped' };

/** The checks of one device, package and provider by one verifier. */
export interface CheckCount {
  /** The number of the last one. */
  last: number;
  /** Numbers of those among the last `WINDOW` whose unit deviates. */
  deviating: readonly number[];
}
