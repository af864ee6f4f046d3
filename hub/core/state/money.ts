import type { Funding } from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, PublicKey } from '#protocol/values/ids.ts';
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
 * What of the money decides something. All of it follows from facts that are on disk, and what the
 * hub says in public about money comes from the store: `hub/edge/store/money-facts.ts`.
 */
export interface MoneyBook {
  /** Funded jobs whose poster has not asked for the rest, in memory or archived. */
  funded: Map<JobId, Funding>;
  /** How many posters have. */
  closed: number;
  /** How many funded jobs have ended. */
  endedCount: number;
  /** Those in memory; older ones are in the store. By number. */
  endedOf: Map<JobId, EndedJob>;
  /** Earning shards of these jobs, by sequence. */
  earned: Map<PublicKey, KeptShard[]>;
  nextPayout: number;
  /** The newest leaf files, and the period of each. */
  files: Map<Digest, number>;
}
