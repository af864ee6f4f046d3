import * as v from 'valibot';
import { decodeBase58 } from '../bytes/base58.ts';
import { AcceptedShard } from '../records/records.ts';
import { Digest, JobId, PublicKey, Signature } from '../values/ids.ts';
import { Bytes, Count, Instant, Lamports } from '../values/units.ts';
import { KEY_BYTES } from './layout.ts';

/**
 * Money as the HTTP API of a hub shows it. Pages are append-only, numbered from 1, and `next` is
 * what to ask for `after`.
 */
export const MONEY_PAGE_MAX = 1_000;

/** An address on the chain: 32 bytes in base 58. */
export const Address = v.pipe(
  v.string(),
  v.maxLength(44),
  v.check((text) => decodeBase58(text, KEY_BYTES).ok, 'expected 32 bytes in base 58'),
  v.brand('Address'),
);
export type Address = v.InferOutput<typeof Address>;

/** The accounts that a grid settles in. */
export const ChainAccounts = v.strictObject({
  program: Address,
  config: Address,
  pool: Address,
});
export type ChainAccounts = v.InferOutput<typeof ChainAccounts>;

/** The chain of a grid. */
export const ChainView = v.strictObject({
  ...ChainAccounts.entries,
  /** Where its JSON-RPC answers: a path of this hub, or a URL. */
  rpc: v.string(),
  /** Base 58: tells one cluster from another. */
  genesisHash: v.string(),
  challengeSeconds: Count,
  /** From asking for a refund to getting it. */
  graceSeconds: Count,
  /** A development chain: lamports are given away, and worth nothing. */
  local: v.boolean(),
});
export type ChainView = v.InferOutput<typeof ChainView>;

/** The escrow is derived from the pool, the poster and the job: one can fund one job only. */
export const FundRequest = v.strictObject({ poster: Address });

/** The nonce of a job's escrow: the 16 hex digits of its id. */
export const escrowNonce = (job: JobId): bigint => BigInt(`0x${job.slice('job_'.length)}`);

/** What a job is paid from. */
export const Funding = v.strictObject({
  escrow: Address,
  /** Its leaf in the trees of spends. */
  escrowIndex: Count,
  poster: Address,
  /** Deposited when the hub looked. */
  amount: Lamports,
  at: Instant,
});
export type Funding = v.InferOutput<typeof Funding>;

/**
 * Where a device wants its pay, signed as `payout`. `at` is its clock, within ten minutes, and later
 * than in its link before. Links without the hub's key are of protocol version 3 and before.
 */
export const PayoutRecord = v.strictObject({
  device: PublicKey,
  hub: v.exactOptional(PublicKey),
  recipient: Address,
  at: Instant,
});

/** A device links an address to its pay. */
export const PayoutRequest = v.strictObject({ record: PayoutRecord, signature: Signature });
export type PayoutRequest = v.InferOutput<typeof PayoutRequest>;

/** `index` is its leaf in the trees of claims, in the order of linking; `at` is the hub's. */
export const PayoutView = v.strictObject({
  index: Count,
  record: PayoutRecord,
  signature: Signature,
  at: Instant,
});
export type PayoutView = v.InferOutput<typeof PayoutView>;

/** Payouts by their index: number = index + 1. */
export const PayoutPage = v.strictObject({ payouts: v.array(PayoutView), next: Count });
export type PayoutPage = v.InferOutput<typeof PayoutPage>;

/** A funded job that is done, or was cancelled with results given out. */
export const EndedJobView = v.strictObject({
  number: Count,
  id: JobId,
  unitPrice: Lamports,
  escrow: Address,
  escrowIndex: Count,
  endedAt: Instant,
  /** How many earning shards it has. */
  shards: Count,
});
export type EndedJobView = v.InferOutput<typeof EndedJobView>;
/** Funded jobs that have ended, by number. */
export const EndedJobPage = v.strictObject({ jobs: v.array(EndedJobView), next: Count });
export type EndedJobPage = v.InferOutput<typeof EndedJobPage>;

/** What pay goes by in an accepted shard. `donated`: its device wanted nothing for it. */
export const EarningShardView = v.strictObject({
  sequence: AcceptedShard.entries.sequence,
  job: JobId,
  device: PublicKey,
  package: Digest,
  unitCount: Count,
  workBefore: AcceptedShard.entries.workBefore,
  unitCost: AcceptedShard.entries.unitCost,
  counted: AcceptedShard.entries.counted,
  donated: v.exactOptional(v.literal(true)),
});
export type EarningShardView = v.InferOutput<typeof EarningShardView>;
/** By sequence; `next` is what to ask for `from`. */
export const EarningShardPage = v.strictObject({ shards: v.array(EarningShardView), next: Count });
export type EarningShardPage = v.InferOutput<typeof EarningShardPage>;

/** A ban, and its pardon. */
export const BanView = v.strictObject({
  number: Count,
  device: PublicKey,
  at: Instant,
  /** When an operator lifted the ban: what the device had lost over it comes back then. */
  pardonedAt: v.exactOptional(Instant),
  /** What the operator said of it. */
  pardonReason: v.exactOptional(v.string()),
});
export type BanView = v.InferOutput<typeof BanView>;
/** Bans by number. */
export const BanPage = v.strictObject({
  bans: v.array(BanView),
  next: Count,
});
export type BanPage = v.InferOutput<typeof BanPage>;

/** The poster of a job's escrow asked for the rest of it. */
export const ClosingView = v.strictObject({ number: Count, job: JobId, at: Instant });
export type ClosingView = v.InferOutput<typeof ClosingView>;
/** Closings by number. */
export const ClosingPage = v.strictObject({ closings: v.array(ClosingView), next: Count });
export type ClosingPage = v.InferOutput<typeof ClosingPage>;

/** Facts of one device: `projectLedger` makes its balance of them. */
export const DevicePay = v.strictObject({
  jobs: v.array(EndedJobView),
  shards: v.array(EarningShardView),
  bans: v.array(BanView),
  payouts: v.array(PayoutView),
  closings: v.array(ClosingView),
  next: Count,
});
export type DevicePay = v.InferOutput<typeof DevicePay>;

/** A leaf file that a verifier left at the hub: both trees of one period (`leaf-file.ts`). */
export const LeafFileView = v.strictObject({
  dataHash: Digest,
  period: Count,
  /** Facts up to this moment are in it. */
  through: Instant,
  total: Lamports,
  claims: Count,
  spends: Count,
  length: Bytes,
  verifier: PublicKey,
  at: Instant,
});
export type LeafFileView = v.InferOutput<typeof LeafFileView>;
/** Leaf files, newest first. */
export const LeafFileList = v.strictObject({ settlements: v.array(LeafFileView) });
export type LeafFileList = v.InferOutput<typeof LeafFileList>;

/** A leaf, its siblings from the bottom up (40 bytes each, in hex), and the root they lead to. */
export const LeafProof = v.strictObject({
  index: Count,
  recipient: Address,
  cumulative: Lamports,
  proof: v.pipe(v.string(), v.regex(/^([0-9a-f]{80})*$/, 'expected siblings of 40 bytes in hex')),
  root: Digest,
  total: Lamports,
  leafCount: Count,
});
export type LeafProof = v.InferOutput<typeof LeafProof>;
