import * as v from 'valibot';
import { canonicalJson } from '../bytes/canonical-json.ts';
import { utf8ToBytes } from '../bytes/digest.ts';
import { hashLeaf } from '../bytes/merkle-log.ts';
import { Nonce, Signature } from '../values/ids.ts';
import { Count } from '../values/units.ts';
import { SignedEpoch } from './epoch.ts';
import { AcceptedShard, Commitment, LogEntry, LogPath } from './records.ts';

/** What anyone may read of a hub's log, under `/v1/log`. Each `next` is what to ask for `from`. */
export const LOG_PAGE_MAX = 1_000;
/** A shard names a digest for each of its units, and may have thousands. */
export const SHARD_PAGE_MAX = 100;

/** The leaf of an entry: RFC 6962's leaf hash of the entry's canonical JSON. */
export const hashEntry = (entry: LogEntry): Uint8Array =>
  hashLeaf(utf8ToBytes(canonicalJson(entry)));

/** A commitment as it was logged: what its device signed, and what the hub signed. */
export const LoggedCommitment = v.strictObject({
  entry: LogEntry,
  logSignature: Signature,
  commitment: Commitment,
  signature: Signature,
});
export type LoggedCommitment = v.InferOutput<typeof LoggedCommitment>;

/** Entries by their position in the log, counted from 0. */
export const LogEntryPage = v.strictObject({
  commitments: v.array(LoggedCommitment),
  next: Count,
});
export type LogEntryPage = v.InferOutput<typeof LogEntryPage>;

/** The tree of `from` entries is the beginning of the tree of `to`. */
export const LogConsistency = v.strictObject({ from: Count, to: Count, path: LogPath });
export type LogConsistency = v.InferOutput<typeof LogConsistency>;

/** The entry of an index is the leaf at `position` of the tree of `size` entries. */
export const LogInclusion = v.strictObject({ position: Count, size: Count, path: LogPath });
export type LogInclusion = v.InferOutput<typeof LogInclusion>;

/** An accepted shard, what opens its commitment, and whether it was voided later. */
export const LoggedShard = v.strictObject({
  shard: AcceptedShard,
  salt: Nonce,
  voided: v.boolean(),
});
export type LoggedShard = v.InferOutput<typeof LoggedShard>;

/** Accepted shards in order of sequence. */
export const ShardPage = v.strictObject({ shards: v.array(LoggedShard), next: Count });
export type ShardPage = v.InferOutput<typeof ShardPage>;

/** Epochs opened and seeds revealed, of all verifiers, numbered from 1 as they were stored. */
export const EpochPage = v.strictObject({
  epochs: v.array(v.strictObject({ number: Count, signed: SignedEpoch })),
  next: Count,
});
export type EpochPage = v.InferOutput<typeof EpochPage>;
