import type {
  BanView,
  ClosingView,
  Funding,
  LeafFileView,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, PublicKey, Root } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { Job, KeptShard } from './job.ts';

/** A funded job in memory that has ended, and the shards of it that earn. */
export interface EndedJob {
  number: number;
  job: Job;
  endedAt: Instant;
  /** By sequence; none is added or taken away any more. */
  shards: readonly KeptShard[];
}

/**
 * What the hub says in public about money. All of it follows from facts that are on disk: nothing
 * is shown that a crash could take back, and numbers only grow.
 */
export interface MoneyBook {
  /** Funded jobs whose poster has not asked for the rest, in memory or archived. */
  funded: Map<JobId, Funding>;
  /** How many funded jobs have ended. */
  endedCount: number;
  /** Those in memory; older ones are in the store. By number. */
  endedOf: Map<JobId, EndedJob>;
  /** Earning shards of these jobs, by sequence. */
  earned: Map<PublicKey, KeptShard[]>;
  payouts: PayoutView[];
  payoutsOf: Map<PublicKey, PayoutView[]>;
  nextPayout: number;
  bans: BanView[];
  /** By device and moment. */
  banNamed: Map<string, BanView>;
  closings: ClosingView[];
  closingOf: Map<JobId, ClosingView>;
  files: { file: LeafFileView; root: Root }[];
  fileOf: Map<Digest, { file: LeafFileView; root: Root }>;
}
