import type { SignedEpoch } from '#protocol/records/epoch.ts';
import type { LoggedShard } from '#protocol/records/public-log.ts';
import type { AcceptedShard, Receipt, SignedVerdict } from '#protocol/records/records.ts';
import type {
  BanView,
  ClosingView,
  EndedJobView,
  LeafFileView,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { DeveloperId, Digest, JobId, LeaseId, PublicKey, Root } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { AppliedFact, CommittedShard, Fact } from '../../core/state/facts.ts';
import type { DeviceRecord } from '../../core/state/trust.ts';
import type { AnswerStore } from './answers.ts';
import type { BatchStore, FileStore } from './batches.ts';
import type { ExportStore } from './exports.ts';
import type { KeyStore } from './keys.ts';
import type { ModelStore } from './models.ts';
import type { OutputColumn, OutputSize } from './segment-index.ts';
import type { WebhookStore } from './webhooks/open.ts';

/** An accepted shard and its revealed bytes, unit by unit, tensors in manifest order. */
export interface ShardOutputs {
  shard: AcceptedShard;
  outputs: Uint8Array;
}

/** What was revealed of the inside of a shard's units, and the log entry that gave the seed. */
export type ShardFingerprints = Pick<CommittedShard, 'entry' | 'logSignature'> & {
  shard: AcceptedShard;
  fingerprints: Uint8Array;
};

/** What the store knows of a receipt: not the hub's key, nor where its entry stands in the log. */
export type ReceiptParts = Pick<
  Receipt,
  'shard' | 'salt' | 'commitmentSignature' | 'log' | 'logSignature' | 'inputs' | 'verdicts'
>;

/** Units [first, end) of a job, as far as shards hold them that begin at `beginningAt` or later. */
export interface UnitRange {
  first: number;
  end: number;
  beginningAt: number;
}

/** The number of a fact, and a digest of it. */
export interface Tip {
  number: number;
  digest: string;
}

/** Some facts in a row, and the number of the last one that was looked at. */
export interface FactPage {
  facts: AppliedFact[];
  number: number;
}

/** Jobs are numbered from 1, in the order in which they were posted where not said otherwise. */
export interface NumberedJob {
  number: number;
  id: JobId;
}

/** Verdicts are numbered from 1 in the order in which they were stored. */
export interface NumberedVerdict {
  number: number;
  signed: SignedVerdict;
}

/** Records of epochs are numbered likewise. */
export interface NumberedEpoch {
  number: number;
  signed: SignedEpoch;
}

/** What a store tells of devices, whether they are in the hub's memory or not. */
export interface DeviceFacts {
  /** What was known of a device when it was last archived. */
  device(device: PublicKey): Promise<DeviceRecord | undefined>;
  /** Bans numbered above `after` from 1 on, with their pardons, at most `limit`. */
  bans(after: number, limit: number): Promise<BanView[]>;
  /** Those of one device, the oldest first. */
  bansOf(device: PublicKey): Promise<BanView[]>;
  /** Payouts whose index is at least `from`, by index, at most `limit`. An index may be missing. */
  payouts(from: number, limit: number): Promise<PayoutView[]>;
  /** Those of one device, the oldest first. */
  payoutsOf(device: PublicKey): Promise<PayoutView[]>;
}

/** What came with accepted shards and lies in rows, for who moves that of archived jobs to segments. */
export interface OutputRows {
  /** The next archived job, by a number of its own, whose outputs have not been moved. */
  due(after: number): Promise<NumberedJob | undefined>;
  /** The numbers of the facts of its accepted shards, some thousand at a time, in no order. */
  numbers(job: JobId): AsyncIterable<number[]>;
  /** How long the bytes of these facts are, in their order, where they lie in rows. */
  sizes(numbers: readonly number[]): Promise<OutputSize[]>;
  /** The bytes of these facts, where they lie in rows; null where a fact has none of this kind. */
  bytes(
    numbers: readonly number[],
    column: OutputColumn,
  ): Promise<ReadonlyMap<number, Uint8Array | null>>;
}

/** A leaf file and the blob that holds its bytes. */
export interface KeptLeaves {
  file: LeafFileView;
  root: Root;
}

/** What a store tells of money beside jobs and devices. */
export interface MoneyFacts {
  /** Closings numbered above `after` from 1 on, at most `limit`. */
  closings(after: number, limit: number): Promise<ClosingView[]>;
  /** Those of these jobs. */
  closingsOf(jobs: readonly JobId[]): Promise<ClosingView[]>;
  /** Leaf files, the newest first. */
  leafFiles(limit: number): Promise<LeafFileView[]>;
  /** The one whose bytes have this digest. */
  leafFile(dataHash: Digest): Promise<KeptLeaves | undefined>;
}

/** Which jobs are looked for. */
export interface JobSearch {
  /** Keys that posted them; all where absent. */
  owners?: readonly DeveloperId[] | undefined;
  /** A part of their names, in letters of either case. */
  named?: string | undefined;
}

/**
 * Facts on disk; in a file and in memory they pass `store.contract.ts`. A failed call rejects with a
 * `PocketgridError` of code `disk-full` or `storage-failed`, and then nothing of it was kept.
 */
export interface Store extends DeviceFacts, MoneyFacts {
  /** One durable transaction: when it resolves, every fact is on disk, in this order. */
  append(facts: readonly Fact[]): Promise<void>;
  /**
   * The facts that make the hub's state, in the order of appending, from behind the fact of this
   * number on, without commitments that were never revealed and the bytes of accepted shards.
   */
  load(after?: number): AsyncIterable<FactPage>;
  /** The newest fact. */
  tip(): Promise<Tip | undefined>;
  /** Whether this fact is here, as it was. */
  hasTip(tip: Tip): Promise<boolean>;
  /**
   * What was said of an archived job as a whole, in order, for `recallJob`; nothing of any other.
   */
  archived(job: JobId): Promise<AppliedFact[]>;
  /** Jobs numbered below `before`, the newest first, at most `limit`. */
  jobs(before: number, limit: number, which?: JobSearch): Promise<NumberedJob[]>;
  /** Funded jobs that are archived, numbered above `after`, by number, at most `limit`. */
  endedJobs(after: number, limit: number): Promise<EndedJobView[]>;
  /** One of them. */
  endedJob(job: JobId): Promise<EndedJobView | undefined>;
  /** Shards of them that earn, of a job or of a device, by sequence from one on, at most `limit`. */
  earningsOf(
    of: { job: JobId; device?: never } | { device: PublicKey; job?: never },
    from: number,
    limit: number,
  ): Promise<AcceptedShard[]>;
  /** Archived jobs whose inputs and results have had their time, the longest over first. */
  expired(now: Instant, limit: number): Promise<JobId[]>;
  /** Whether a job, a model, a file or a batch names this blob, or outputs lie in it. */
  namesBlob(root: Root): Promise<boolean>;
  /** The jobs that name it, as long as their data is kept. */
  jobsNaming(root: Root): Promise<JobId[]>;
  /** Not-voided accepted shards that overlap some units, in order of sequence, while their data is kept. */
  results(job: JobId, units: UnitRange): Promise<ShardOutputs[]>;
  /** The units of the same. */
  spans(job: JobId, units: UnitRange): Promise<{ firstUnit: number; unitCount: number }[]>;
  /** The accepted shard that came from a lease, void or not, while its data is kept. */
  delivered(lease: LeaseId): Promise<ShardOutputs | undefined>;
  /** The fingerprints of the accepted shard that came from a lease, void or not, if it has any. */
  fingerprints(lease: LeaseId): Promise<ShardFingerprints | undefined>;
  /** Not-voided accepted shards that end after `fromUnit`, by first unit, at most `limit`. */
  receipts(job: JobId, fromUnit: number, limit: number): Promise<ReceiptParts[]>;
  /** The receipt of the accepted shard that came from a lease, void or not. */
  receipt(lease: LeaseId): Promise<ReceiptParts | undefined>;
  /** Verdicts numbered above `after`, in order, at most `limit`. */
  verdicts(after: number, limit: number): Promise<NumberedVerdict[]>;
  /** Records of epochs numbered above `after`, in order, at most `limit`. */
  epochs(after: number, limit: number): Promise<NumberedEpoch[]>;
  /** Logged commitments whose index is at least `fromIndex`, by index, at most `limit`. */
  commitments(fromIndex: number, limit: number): Promise<CommittedShard[]>;
  /** Accepted shards, voided ones as well, from a sequence on, in its order, at most `limit`. */
  shards(fromSequence: number, limit: number): Promise<LoggedShard[]>;
  outputRows: OutputRows;
  keys: KeyStore;
  models: ModelStore;
  files: FileStore;
  batches: BatchStore;
  webhooks: WebhookStore;
  answers: AnswerStore;
  exports: ExportStore;
  close(): Promise<void>;
}
