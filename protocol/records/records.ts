import * as v from 'valibot';
import { PATH_HASHES_MAX } from '../bytes/merkle-log.ts';
import { FingerprintCheck } from '../checks/fingerprint-check.ts';
import { BlobRef } from '../models/package.ts';
import { Digest, JobId, LeaseId, Nonce, PublicKey, Root, Signature } from '../values/ids.ts';
import { Provider } from '../values/provider.ts';
import { Bytes, Count, Instant, Millis } from '../values/units.ts';

/** A blob of units end to end, the first of which is `firstUnit`: unit 0 where that is absent. */
export const UnitInputs = v.strictObject({
  ...BlobRef.entries,
  firstUnit: v.exactOptional(Count),
});
export type UnitInputs = v.InferOutput<typeof UnitInputs>;

/** A shard lent to one device until a deadline. Ephemeral: if the hub dies, it expires. */
export const Lease = v.strictObject({
  id: LeaseId,
  job: JobId,
  package: Digest,
  firstUnit: Count,
  unitCount: v.pipe(Count, v.minValue(1)),
  /** Where the shard's input bytes are: `unitCount × unitBytes` from `offset` in `root`. */
  inputs: v.strictObject({
    root: Root,
    length: Bytes,
    offset: Bytes,
    unitBytes: Bytes,
    /** SHA-256 of each unit's input bytes, end to end, in base64. */
    digests: v.pipe(v.string(), v.base64()),
  }),
  /** How long the device has, from receipt to reveal. */
  deadlineMs: Millis,
});
export type Lease = v.InferOutput<typeof Lease>;

/** What a device signs before it can know what is checked. Signing context: `commitment`. */
export const Commitment = v.strictObject({
  lease: LeaseId,
  device: PublicKey,
  /** `digestCommitment` of lease, device, salt, the unit output digests and, with taps, theirs. */
  commitment: Digest,
});

/** The hub's word that a commitment is in the log, on disk. Signing context: `log-entry`. */
export const LogEntry = v.strictObject({ index: Count, commitment: Digest, at: Instant });
export type LogEntry = v.InferOutput<typeof LogEntry>;

/** The log at one moment: `root` over its first `size` entries. Signing context: `tree-head`. */
export const TreeHead = v.strictObject({ size: Count, root: Digest, at: Instant });
export type TreeHead = v.InferOutput<typeof TreeHead>;

/** A tree head, signed by the hub. */
export const SignedTreeHead = v.strictObject({ head: TreeHead, signature: Signature });
export type SignedTreeHead = v.InferOutput<typeof SignedTreeHead>;

/** Hashes from a leaf, or an older root, up to a root; none for a log of one entry. */
export const LogPath = v.pipe(v.array(Digest), v.maxLength(PATH_HASHES_MAX));

/**
 * Opens a commitment. The unit output bytes travel beside it and, where the package has taps, the
 * fingerprint of each unit behind them.
 */
export const Reveal = v.strictObject({
  lease: LeaseId,
  salt: Nonce,
  /** With taps: SHA-256 of the digests of each unit's taps, end to end. */
  taps: v.optional(Digest),
  /** Compute time of the whole shard, as the device measured it. */
  computeMs: Millis,
});
export type Reveal = v.InferOutput<typeof Reveal>;

/** What a verifier found of a unit. */
export const VerdictKind = v.picklist(['match', 'mismatch', 'inconclusive', 'device-unfit']);
export type VerdictKind = v.InferOutput<typeof VerdictKind>;

/** Named as the reference of a unit that a verifier could not execute again. */
export const NO_REFERENCE = '0'.repeat(64) as Digest;

/** A check is run a second time, in a fresh runtime, before it says that a device was wrong. */
export const RUNS_TO_CONFIRM = 2;

/**
 * Why a unit was judged beyond its draw: its job's assurance, an exit check, verifiers that
 * disagreed, or a verdict of another verifier that is done again.
 * Such checks come on top; none of them takes the place of a draw.
 */
export const CheckCause = v.picklist(['assurance', 'exit', 'dispute', 'review']);
export type CheckCause = v.InferOutput<typeof CheckCause>;

/** Which check of a GPU a verdict is. The count of deviating units goes by these numbers. */
export const CheckNumber = v.strictObject({
  package: Digest,
  provider: Provider,
  /** Of this verifier, device, package and provider: from 1, without a gap. */
  number: v.pipe(Count, v.minValue(1)),
});
export type CheckNumber = v.InferOutput<typeof CheckNumber>;

/** What a verifier found on re-executing one unit. Signing context: `verdict`. */
export const Verdict = v.strictObject({
  verifier: PublicKey,
  job: JobId,
  unit: Count,
  lease: LeaseId,
  device: PublicKey,
  /** As in the accepted shard. */
  class: v.exactOptional(Digest),
  kind: VerdictKind,
  /** `exact`: digests compared; `tolerance`: distances against the package's comparators. */
  lane: v.picklist(['exact', 'tolerance']),
  claimed: Digest,
  reference: Digest,
  /** Largest relative L2 and max distance over the outputs; 0 on the exact lane when equal. */
  l2: v.number(),
  max: v.number(),
  /** On the tolerance lane: `COMPARATOR_VERSION` of the code that compared. */
  comparator: v.optional(v.pipe(v.string(), v.maxLength(60))),
  /** On the tolerance lane, unless the check found nothing out. */
  check: v.exactOptional(CheckNumber),
  /**
   * What is wrong with a unit of a GPU that is no mismatch. `deviates`: its outputs are beyond
   * tolerance, and nearer than any decoy. `inside`: only its fingerprint is wrong.
   */
  reason: v.optional(v.picklist(['deviates', 'inside'])),
  /** Where the package has taps: what was found inside. */
  fingerprint: v.optional(FingerprintCheck),
  /** Times the unit was executed: 2 when a mismatch was confirmed in a fresh runtime. */
  runs: Count,
  /** Absent for a plain draw. */
  cause: v.exactOptional(CheckCause),
  /** The epoch whose seed drew this unit. */
  epoch: Count,
  /** Which unit of its device it is, from 1, in units of its own cost: what p_n goes by. */
  n: v.pipe(Count, v.minValue(1)),
  at: Instant,
});
export type Verdict = v.InferOutput<typeof Verdict>;

/** A verdict, signed by its verifier. */
export const SignedVerdict = v.strictObject({ verdict: Verdict, signature: Signature });
export type SignedVerdict = v.InferOutput<typeof SignedVerdict>;

/** A banned device asks for the receipt that it is banned for. Signing context: `evidence`. */
export const EvidenceRecord = v.strictObject({ device: PublicKey, at: Instant });

/** One accepted shard, as verifiers and the log page see it. `sequence` orders acceptance. */
export const AcceptedShard = v.strictObject({
  sequence: Count,
  index: Count,
  job: JobId,
  lease: LeaseId,
  device: PublicKey,
  /** The class of the device, by what it says of itself (`digestClass`). */
  class: v.exactOptional(Digest),
  provider: Provider,
  package: Digest,
  firstUnit: Count,
  unitCount: Count,
  /** Its device said before the lease that it wants nothing for it. */
  donated: v.exactOptional(v.literal(true)),
  /**
   * Work of this device accepted before, over all packages, since its last confirmed failure; and
   * the cost of a unit of this package. Both are whole microseconds of reference time: p_n goes by
   * them (`unitNumber`).
   */
  workBefore: Count,
  unitCost: v.pipe(Count, v.minValue(1)),
  /** Accepted under protocol version 2, where work on other packages did not count. */
  counted: v.exactOptional(v.literal('package')),
  commitment: Digest,
  /** SHA-256 of each unit's output bytes, end to end, in base64. */
  digests: v.pipe(v.string(), v.base64()),
  /** As in `Reveal`. */
  taps: v.optional(Digest),
  at: Instant,
});
export type AcceptedShard = v.InferOutput<typeof AcceptedShard>;

/**
 * The signed record of one shard: what, who, how, digests, verdicts, and where the commitment
 * stands in the log. Signing context: `receipt`, over everything but the signature itself.
 */
export const Receipt = v.strictObject({
  shard: AcceptedShard,
  /** Opens the commitment to `shard.digests`. */
  salt: Nonce,
  commitmentSignature: Signature,
  log: LogEntry,
  hub: PublicKey,
  logSignature: Signature,
  /** The log entry is the leaf at `position` of the log that `head` names. */
  inclusion: v.strictObject({ position: Count, path: LogPath }),
  head: SignedTreeHead,
  /** As in `UnitInputs`, with the SHA-256 of each unit of the shard, end to end, in base64. */
  inputs: v.strictObject({
    root: Root,
    digests: v.string(),
    firstUnit: v.exactOptional(Count),
  }),
  /** What verifiers re-execute on, such as `onnxruntime-web 1.30.0 sha256:…` of its wasm file. */
  runtime: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  verdicts: v.array(SignedVerdict),
  signature: Signature,
});
export type Receipt = v.InferOutput<typeof Receipt>;
