import * as v from 'valibot';
import { Blocks, JobAbout } from '../api/about.ts';
import { JobView, PackageDraft } from '../api/job.ts';
import { Puzzle } from '../bytes/puzzle.ts';
import { CheckPolicy } from '../checks/check-policy.ts';
import { DecoyFindings } from '../checks/thresholds.ts';
import { Steps } from '../models/decoder.ts';
import { BlobRef, Feature, PackageManifest, TAPS_MAX, Tap } from '../models/package.ts';
import { Mark, SignedEpoch } from '../records/epoch.ts';
import { FailedGroups } from '../records/failed-items.ts';
import {
  AcceptedShard,
  Lease,
  LogEntry,
  Reveal,
  SignedVerdict,
  UnitInputs,
  VerdictKind,
} from '../records/records.ts';
import { Dtype, TensorSpec } from '../tensors/tensor.ts';
import {
  Digest,
  JobId,
  LeaseId,
  Nonce,
  PeerId,
  PublicKey,
  Root,
  Signature,
} from '../values/ids.ts';
import { Partition, Provider } from '../values/provider.ts';
import { Reason, TrialOutcome } from '../values/reason.ts';
import { Refusal, RefusalCode } from '../values/refusal.ts';
import { Bytes, Count, Instant, Millis } from '../values/units.ts';

/**
 * The control socket: JSON text both ways, binary only for `reveal` and `prepared` (see
 * `message-frame.ts`). The hub speaks first with `challenge`; the client answers with `hello`.
 * Either side ends a session that stays silent for three beats.
 */
export const PROTOCOL_VERSION = 7;
/** Where a hub's control socket is. */
export const CONTROL_PATH = '/v1/control';
/** Where a hub's PeerServer is. */
export const SIGNALLING_PATH = '/v1/signal';
/** From the challenge to the hello. */
export const HELLO_DEADLINE_MS = 10_000;
/** The same where the challenge has a puzzle. */
export const PUZZLE_DEADLINE_MS = 60_000;
/** Longest text message. A binary frame may be as long as `FRAME_BYTES_MAX`. */
export const TEXT_BYTES_MAX = 256 * 1024;
/** Most memory of a device that a model may need, by estimate: that of weights of 600 MB. */
export const MODEL_PEAK_BYTES_MAX = 1_250_000_000;
/** Longest file of a model. */
export const MODEL_FILE_BYTES_MAX = 640 * 1024 ** 2;
/** Longest blob of input units that goes along with leases. */
export const UNITS_ALONG_BYTES_MAX = 16 * 1024;
/** Longest binary message. */
export const FRAME_BYTES_MAX = 32 * 1024 * 1024;
/** Sources of a blob that a device says have failed. */
export const FAILED_SOURCES_MAX = 8;
/** Units of the longest lease. */
export const LEASE_UNITS_MAX = 4096;

/** The sentence of a refusal. */
const Message = v.pipe(v.string(), v.minLength(1), v.maxLength(600));

/** What a device can do, as it found out itself. `memoryBytes` is what it offers for one model. */
export const Capabilities = v.strictObject({
  providers: v.pipe(v.array(Provider), v.maxLength(Provider.options.length)),
  features: v.pipe(v.array(Feature), v.maxLength(16)),
  threads: Count,
  memoryBytes: Bytes,
  engine: v.pipe(v.string(), v.maxLength(120)),
  adapter: v.optional(v.pipe(v.string(), v.maxLength(200))),
});
export type Capabilities = v.InferOutput<typeof Capabilities>;

/** One provider tried on one package in admission. Timings are per unit, warm, the median. */
export const Trial = v.strictObject({
  provider: Provider,
  dtype: Dtype,
  threads: Count,
  outcome: TrialOutcome,
  unitMs: v.optional(Millis),
  l2: v.optional(v.number()),
  /** Where the runtime says it. */
  partition: v.exactOptional(Partition),
  reason: Reason,
});
export type Trial = v.InferOutput<typeof Trial>;

/** A provider that is not tried in admission. */
export const SkippedProvider = v.strictObject({ provider: Provider, reason: Reason });
export type SkippedProvider = v.InferOutput<typeof SkippedProvider>;

/** Signed by the client with context `hello`; binds it to this hub and this challenge. */
export const HelloClaim = v.strictObject({
  version: v.number(),
  role: v.picklist(['contributor', 'verifier']),
  key: PublicKey,
  hub: PublicKey,
  nonce: Nonce,
});
export type HelloClaim = v.InferOutput<typeof HelloClaim>;

/** For which jobs a device wants nothing: none of them, all, or these. */
export const Donation = v.union([
  v.picklist(['none', 'all']),
  v.pipe(v.array(JobId), v.maxLength(100, 'name at most 100 jobs, or say "all"')),
]);
export type Donation = v.InferOutput<typeof Donation>;

const type = <T extends string>(name: T) => v.literal(name);

/** What a contributor says. */
export const ContributorMessage = v.variant('type', [
  v.strictObject({
    type: type('hello'),
    claim: HelloClaim,
    signature: Signature,
    capabilities: v.optional(Capabilities),
    /** Verifiers: the last sequence they have judged through, by their own disk. */
    judged: v.optional(Count),
    /** Verifiers: the number of the last verdict of others that they have reviewed, likewise. */
    reviewed: v.optional(Count),
    /** Solves the puzzle of the challenge. Enrolled verifiers need none. */
    answer: v.optional(Count),
  }),
  v.strictObject({ type: type('beat') }),
  v.strictObject({
    type: type('admitted'),
    package: Digest,
    provider: Provider,
    dtype: Dtype,
    threads: Count,
    unitMs: Millis,
    trials: v.pipe(v.array(Trial), v.maxLength(16)),
  }),
  v.strictObject({
    type: type('unfit'),
    package: Digest,
    trials: v.pipe(v.array(Trial), v.maxLength(16)),
  }),
  /** Room for one more lease, until a lease answers it; a second one is a second credit. */
  v.strictObject({ type: type('request') }),
  v.strictObject({
    type: type('commit'),
    lease: LeaseId,
    commitment: Digest,
    signature: Signature,
  }),
  /** A trial has shown that this device has so much memory for a model. */
  v.strictObject({ type: type('memory'), bytes: Bytes }),
  /** Gives leases back without a fault of the device: hidden, stopped, paused. */
  v.strictObject({ type: type('give-back'), lease: LeaseId, reason: Reason }),
  /**
   * A run of this lease failed in one of the units [unit, unit + units). Nobody is at fault yet: the
   * lease ends, and a verifier decides where a unit fails again.
   */
  v.strictObject({
    type: type('unit-failed'),
    lease: LeaseId,
    unit: Count,
    units: v.pipe(Count, v.minValue(1), v.maxValue(LEASE_UNITS_MAX)),
    refusal: Refusal,
  }),
  /** This device holds the whole blob and will serve it to peers. */
  v.strictObject({ type: type('have'), root: Root }),
  /** Who else holds this blob? Answered by `sources`. `failed`: those named before that gave no right bytes. */
  v.strictObject({
    type: type('seek'),
    root: Root,
    failed: v.exactOptional(v.pipe(v.array(PeerId), v.maxLength(FAILED_SOURCES_MAX))),
  }),
  /** Of leases given from now on; until it is said, none. */
  v.strictObject({ type: type('donate'), jobs: Donation }),
  /** Nothing of these from now on; until it is said, nothing is blocked. */
  v.strictObject({ type: type('block'), blocks: Blocks }),
  v.strictObject({ type: type('bye'), reason: Reason }),
]);
export type ContributorMessage = v.InferOutput<typeof ContributorMessage>;

/** What a verifier says, beside `hello`, `beat` and `bye`. */
export const VerifierMessage = v.variant('type', [
  v.strictObject({ type: type('verdict'), signed: SignedVerdict }),
  /** Every draw up to this sequence is judged and its verdict sent. */
  v.strictObject({ type: type('judged'), through: Count }),
  /** Every unit drawn in the exit check of this shard is judged and its verdict sent. */
  v.strictObject({ type: type('exit-checked'), sequence: Count }),
  v.strictObject({ type: type('unpreparable'), job: JobId, refusal: Refusal }),
  /** Answers change with an item's neighbours: the job is cut into units of one item. */
  v.strictObject({ type: type('coupled'), job: JobId }),
  /** Which items of a unit cannot be computed; none where the whole unit runs. */
  v.strictObject({ type: type('examined'), job: JobId, unit: Count, failed: FailedGroups }),
  /** An epoch was opened, or its seed revealed; said again until `epoch-logged` answers. */
  v.strictObject({ type: type('epoch'), signed: SignedEpoch }),
]);
export type VerifierMessage = v.InferOutput<typeof VerifierMessage>;

/** One variant, not a union of two: a union's refusal names no field. */
export const ClientMessage = v.variant('type', [ContributorMessage, VerifierMessage]);
export type ClientMessage = ContributorMessage | VerifierMessage;

/** Heads of binary frames; the payload follows. */
export const FrameHead = v.variant('type', [
  /**
   * Payload: the shard's output bytes, unit by unit, tensors in manifest order; then, where the
   * package has taps, the fingerprint of each unit.
   */
  v.strictObject({ type: type('reveal'), reveal: Reveal }),
  /** Payload: the output bytes of each known-answer unit, end to end. */
  v.strictObject({
    type: type('prepared'),
    job: JobId,
    outputs: v.array(TensorSpec),
    /** Those of the draft, as they came out. */
    taps: v.optional(v.pipe(v.array(Tap), v.maxLength(TAPS_MAX))),
    /** The model runs with units of one item as well. */
    runsAlone: v.exactOptional(v.literal(true)),
    /** Of a model that writes text. */
    steps: v.exactOptional(Steps),
    /** Unit numbers the known answers were made from. */
    units: v.array(Count),
    unitMs: Millis,
    peakBytes: Bytes,
    /** What the model's decoys came to: the hub makes thresholds of it. */
    decoys: DecoyFindings,
  }),
]);
export type FrameHead = v.InferOutput<typeof FrameHead>;

/** What a hub has on disk of one verifier. */
export const VerifierBook = v.strictObject({
  /** Number of its newest epoch. */
  lastEpoch: Count,
  /** Epochs whose seed is neither revealed nor lost. */
  open: v.pipe(v.array(Count), v.maxLength(64)),
  /** Through which sequence it has judged. */
  judged: Mark,
});
export type VerifierBook = v.InferOutput<typeof VerifierBook>;

/** What a hub says, to contributors and verifiers. */
export const HubMessage = v.variant('type', [
  v.strictObject({
    type: type('challenge'),
    versions: v.array(v.number()),
    nonce: Nonce,
    hub: PublicKey,
    /** While many come: what a hello has to bring. */
    puzzle: v.exactOptional(Puzzle),
  }),
  v.strictObject({
    type: type('welcome'),
    /** The hub's signature over the claim of the hello: whoever sends this has the hub's key behind it. */
    proof: Signature,
    now: Instant,
    beatMs: Millis,
    /** Lets the client read blobs and outputs that are not public, as `Authorization: Bearer`. */
    ticket: v.string(),
    /** Under this name it may join the PeerServer, with this token. */
    peer: v.optional(PeerId),
    peerToken: v.optional(Nonce),
    seeder: v.optional(PeerId),
    /** To verifiers: which verdicts can be passed on for review. */
    reviews: v.optional(v.strictObject({ from: Count, through: Count })),
    /** To contributors: how often their units are checked. */
    checks: v.optional(CheckPolicy),
    /** To verifiers: what the hub has of theirs, for one whose disk has less. */
    book: v.optional(VerifierBook),
    iceServers: v.array(
      v.strictObject({
        urls: v.array(v.string()),
        username: v.optional(v.string()),
        credential: v.optional(v.string()),
      }),
    ),
  }),
  /** The session ends after this one. */
  v.strictObject({ type: type('refused'), code: RefusalCode, message: Message }),
  /** One message was turned down; the session goes on. */
  v.strictObject({
    type: type('declined'),
    code: RefusalCode,
    message: Message,
    lease: v.optional(LeaseId),
  }),
  v.strictObject({ type: type('beat') }),
  v.strictObject({
    type: type('admit'),
    id: Digest,
    /** What it is tried for. */
    job: JobId,
    manifest: PackageManifest,
    /** Providers that checks have suspended for this device: they are not tried. */
    without: v.exactOptional(
      v.pipe(v.array(SkippedProvider), v.maxLength(Provider.options.length)),
    ),
  }),
  /** What a job is, before a device is first tried for it or lent units of it in a session. */
  v.strictObject({ type: type('about'), about: JobAbout }),
  v.strictObject({
    type: type('lease'),
    lease: Lease,
    /** The input bytes of its units in base64, where they are few: no request for them is needed. */
    units: v.exactOptional(v.pipe(v.string(), v.base64())),
  }),
  v.strictObject({ type: type('idle'), reason: Reason }),
  v.strictObject({
    type: type('logged'),
    lease: LeaseId,
    entry: LogEntry,
    signature: Signature,
  }),
  /**
   * The result is on disk. `units` counts those this shard was first to deliver; the rest is as in
   * `AcceptedShard`.
   */
  v.strictObject({
    type: type('accepted'),
    lease: LeaseId,
    units: Count,
    workBefore: AcceptedShard.entries.workBefore,
    unitCost: AcceptedShard.entries.unitCost,
  }),
  v.strictObject({ type: type('revoked'), lease: LeaseId, code: RefusalCode, message: Message }),
  v.strictObject({ type: type('judgement'), job: JobId, unit: Count, kind: VerdictKind }),
  v.strictObject({
    type: type('sources'),
    root: Root,
    peers: v.pipe(v.array(PeerId), v.maxLength(16)),
  }),
  // To verifiers
  /** A verdict of another verifier, by its number; each does a random part of them again. */
  v.strictObject({
    type: type('review'),
    number: Count,
    signed: SignedVerdict,
    sequence: Count,
    provider: Provider,
    package: Digest,
    manifest: v.optional(PackageManifest),
    inputs: UnitInputs,
  }),
  /** The record of this epoch is on disk: only now may its seed draw, or be forgotten. */
  v.strictObject({
    type: type('epoch-logged'),
    epoch: Count,
    record: v.picklist(['opened', 'revealed', 'lost']),
  }),
  /** The units of this shard are open again: what is drawn of it need not be judged. */
  v.strictObject({ type: type('voided'), sequence: Count }),
  v.strictObject({
    type: type('prepare'),
    job: JobId,
    draft: PackageDraft,
    inputs: BlobRef,
    units: Count,
  }),
  /** A unit failed on devices: which of its items fail here as well? */
  v.strictObject({
    type: type('examine'),
    job: JobId,
    unit: Count,
    /** Its items; what stands behind them in the unit repeats the last one. */
    items: v.pipe(Count, v.minValue(1)),
    package: Digest,
    manifest: PackageManifest,
    inputs: UnitInputs,
  }),
  v.strictObject({
    type: type('check'),
    shard: AcceptedShard,
    manifest: v.optional(PackageManifest),
    inputs: UnitInputs,
    /** Draw at least this share, in parts per million: what the job's assurance asks for. */
    floorPpm: v.optional(v.pipe(Count, v.maxValue(1_000_000))),
    /** Judge these units, whatever was drawn: verifiers disagree on them. */
    units: v.optional(v.pipe(v.array(Count), v.minLength(1), v.maxLength(64))),
    /** The exit check of a shard judged before; answered by `exit-checked`. */
    exit: v.optional(v.boolean()),
  }),
]);
export type HubMessage = v.InferOutput<typeof HubMessage>;

/** What a job's event stream (SSE) carries: `event: job`, data of this shape. */
export const JobEvent = v.strictObject({ at: Instant, job: JobView });
export type JobEvent = v.InferOutput<typeof JobEvent>;
