import type { JobRecord, JobView } from '#protocol/api/job.ts';
import type { BlobRef, PackageManifest } from '#protocol/models/package.ts';
import type { SignedEpoch } from '#protocol/records/epoch.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { AcceptedShard, LogEntry, SignedVerdict, Verdict } from '#protocol/records/records.ts';
import type {
  EndedJobView,
  Funding,
  LeafFileView,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type {
  Digest,
  JobId,
  LeaseId,
  Nonce,
  PublicKey,
  Root,
  Signature,
} from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import type { Instant, Millis } from '#protocol/values/units.ts';
import type { Ranges } from './ranges.ts';
import type { Ban, DeviceRecord, Pardon } from './trust.ts';

/** A durable, append-only statement. Balances, progress and views are projections of these. */
export type Fact =
  | { type: 'job-created'; record: JobRecord; inputDigests: Uint8Array }
  /** The items of a job were cut into other units, before it was packaged: its new record. */
  | { type: 'job-recut'; record: JobRecord; inputDigests: Uint8Array }
  | { type: 'job-packaged'; job: JobId; manifest: PackageManifest }
  /** A job that runs has more units, behind those it had: a blob of them, and their digests. */
  | {
      type: 'inputs-added';
      job: JobId;
      firstUnit: number;
      inputs: BlobRef;
      units: number;
      inputDigests: Uint8Array;
      at: Instant;
    }
  /** No more inputs come: it ends when all is computed. */
  | { type: 'inputs-ended'; job: JobId; at: Instant }
  | {
      type: 'job-moved';
      job: JobId;
      state: JobView['state'];
      reason: Reason;
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
   * A commitment was never opened and cannot be any more. `atFault`: its device let it expire;
   * `resets`: with it the device lost the trust it had.
   */
  | {
      type: 'unrevealed';
      index: number;
      device: PublicKey;
      atFault: boolean;
      resets: boolean;
      at: Instant;
    }
  | { type: 'verdict'; signed: SignedVerdict }
  | { type: 'judged'; verifier: PublicKey; through: number }
  /** A verifier opened an epoch, or revealed its seed. */
  | { type: 'epoch'; signed: SignedEpoch }
  /** An accepted shard is void; its units are open again. */
  | { type: 'voided'; sequence: number; job: JobId; at: Instant }
  | ({ type: 'banned' } & Ban)
  /** A device is gone and its record leaves the state: from now on it is read from the store. */
  | { type: 'device-archived'; device: PublicKey; known: DeviceRecord; at: Instant }
  /** It is wanted again: its record is back, as it was. */
  | { type: 'device-recalled'; device: PublicKey; known: DeviceRecord; at: Instant }
  /** A device was unfit for a package on this provider. */
  | {
      type: 'suspended';
      device: PublicKey;
      package: Digest;
      provider: Provider;
      until: Instant;
      reason: Reason;
      at: Instant;
    }
  /** A job ended and all of it is judged: from now on it is read from the store. */
  | {
      type: 'job-archived';
      job: JobId;
      tally: JobTally;
      keptUntil: Instant;
      earned?: Earned;
      at: Instant;
    }
  /** Inputs and results of an archived job are gone. */
  | { type: 'data-removed'; job: JobId; at: Instant }
  /**
   * Outputs of an archived job lie in a segment from now on, and in no rows of the store. Without a
   * segment: what is left of them stays in rows.
   */
  | { type: 'outputs-kept'; job: JobId; segment?: OutputSegment; at: Instant }
  /**
   * Items of a unit cannot be computed. Shards from the sequence `since` on compute the unit as it
   * was mended, with another item in the place of each; without `mended` no item is left, unless the
   * unit `stands`: it was accepted, and a verifier found out later.
   */
  | {
      type: 'items-failed';
      job: JobId;
      unit: number;
      failed: readonly FailedItems[];
      since: number;
      mended?: MendedUnit;
      stands?: true;
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
   * provider. `unconfirmed`: one verifier alone found it wrong, once. `tie`: verifiers do not
   * agree.
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
  /**
   * A contributor chose what it is called in public. Without a name and a team it has no profile any
   * more, and older facts of it lose both.
   */
  | {
      type: 'profile';
      device: PublicKey;
      name?: string;
      team?: string;
      signedAt: Instant;
      at: Instant;
    }
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

/** A funded job that ended, and which units of it earn. */
export interface Earned {
  view: EndedJobView;
  runs: Ranges['runs'];
}

/**
 * A blob with the outputs and fingerprints of accepted shards: all those of one job whose facts have
 * the numbers [first, end).
 */
export interface OutputSegment extends BlobRef {
  first: number;
  end: number;
  shards: number;
}

/** What the facts on a job's shards come to, in units; `released` is what may be read of them. */
export interface JobTally {
  acceptedUnits: number;
  checked: number;
  mismatched: number;
  requeued: number;
  /** Of a job with assurance. */
  released: Ranges;
  lastSequence: number;
}

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

/** Units of several items, of which units of another size are made; the last may be filled up. */
export interface ItemCut {
  inputs: BlobRef;
  specs: readonly TensorSpec[];
  items: number;
  /** Of the units to be made. */
  unitItems: number;
}

/** The inputs of one unit in which good items stand for failed ones, and their digest. */
export interface MendedUnit {
  blob: BlobRef;
  digest: Digest;
}

/** The unit of a job that is to be mended, and the places in it of its failed items. */
export interface UnitCut {
  inputs: BlobRef;
  specs: readonly TensorSpec[];
  unit: number;
  items: number;
  failed: readonly number[];
}

/** What of a fact changes the state: of an accepted shard not its bytes. */
export type AppliedFact =
  | Exclude<Fact, { type: 'accepted' }>
  | Pick<Extract<Fact, { type: 'accepted' }>, 'type' | 'shard'>;

/** Facts that change `MoneyBook`. */
export type MoneyFact = Extract<
  AppliedFact,
  {
    type: 'job-funded' | 'job-moved' | 'job-closing' | 'payout-linked' | 'leaf-file';
  }
>;

/** Names a verdict: a verifier gives one on a unit of a lease. */
export const verdictName = ({ verdict }: SignedVerdict): string =>
  `${verdict.lease}/${verdict.unit}/${verdict.verifier}`;

/** Names a verdict among those on one shard. */
export const judgeName = ({ unit, verifier }: Pick<Verdict, 'unit' | 'verifier'>): string =>
  `${unit}/${verifier}`;
