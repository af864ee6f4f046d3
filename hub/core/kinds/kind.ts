import type { JobRecord, JobView } from '#protocol/api/job.ts';
import type { Sha256 } from '#protocol/bytes/digest.ts';
import type { Capabilities, FrameHead } from '#protocol/messages/control.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { Lease, Reveal, Verdict } from '#protocol/records/records.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Result } from '#protocol/values/refusal.ts';
import type { Admission } from '../state/device.ts';
import type { BlobRange } from '../state/events.ts';
import type { ItemCut, UnitCut } from '../state/facts.ts';
import type { Making, UnitSize } from '../state/hub.ts';
import type { Job, UnitSizes } from '../state/job.ts';

/** What a verifier found by running a new model. */
export interface Prepared {
  head: Extract<FrameHead, { type: 'prepared' }>;
  payload: Uint8Array;
}

/** A package but for its known answers, which are still to be made blobs: inputs and outputs. */
export interface Made {
  manifest: Extract<Making, { type: 'package' }>['manifest'];
  blobs: (Uint8Array | BlobRange)[];
}

/** A result as it came, and in its parts. `digests` has 32 bytes a unit. */
export interface RevealedBytes {
  reveal: Reveal;
  payload: Uint8Array;
}
/** A result as its device revealed it. */
export interface Revealed {
  outputs: Uint8Array;
  digests: Uint8Array;
  fingerprints?: Uint8Array;
}

/** What differs by the kind of a job. Leasing, trust and money know nothing else of it. */
export interface Kind {
  /** Whether the inputs of a job are as long as its units. */
  fitsUnits(record: JobRecord): boolean;
  /** Until there is a package, what a device sends and holds is not known: 0. */
  sizeUnit(record: JobRecord, manifest?: PackageManifest): UnitSizes;
  /** The inputs of the units [first, first + count). */
  sliceInputs(job: Job, first: number, count: number): Lease['inputs'];
  /** A job with units of another size; nothing where its units have that one already. */
  cutInto(
    record: JobRecord,
    size: UnitSize,
  ): { draft: JobRecord['draft']; units: number; cut: ItemCut } | undefined;
  /**
   * The model whose units are sized alike, and its size here, `isFinal` where that was found out;
   * nothing where a developer or the model fixed it.
   */
  sizing(record: JobRecord): { model: Digest; size: UnitSize; isFinal: boolean } | undefined;
  /** The size of units that this cost asks for, by time on the exact lane. */
  chooseSize(record: JobRecord, found: Prepared['head']): UnitSize;
  /** The package of a job; refused with `result-shape` where no device could use it. */
  makePackage(job: Job, prepared: Prepared): Result<Made>;
  /** Splits what was revealed of so many units, and refuses what cannot be their result. */
  readReveal(
    manifest: PackageManifest,
    of: RevealedBytes & { unitCount: number },
    sha256: Sha256,
  ): Result<Revealed>;
  /** One unit's part in the outputs or fingerprints of a shard. */
  unitPart(bytes: Uint8Array, unitCount: number, place: number): Uint8Array;
  /** How many items of the job a unit holds. */
  itemsIn(record: JobRecord, unit: number): number;
  /** One unit of a job, to be mended. */
  cutUnit(job: Job, unit: number): Omit<UnitCut, 'failed'>;
  /** Whether all of a job that can be computed is accepted. */
  isComplete(job: Job): boolean;
  /** What is wrong with a verdict by itself; the end of a sentence. */
  verdictFault(manifest: PackageManifest, verdict: Verdict): string | undefined;
  /** The class of a device's work on a package. */
  classOf(
    manifest: PackageManifest,
    capabilities: Capabilities,
    admission: Pick<Admission, 'provider' | 'dtype' | 'threads'>,
  ): Digest;
  viewUnits(
    record: JobRecord,
    manifest?: PackageManifest,
  ): Pick<JobView, 'inputs' | 'outputs' | 'unitItems'>;
  /** What a quote adds, for a person who reads it. */
  quoteNotes(record: JobRecord): Reason[];
}
