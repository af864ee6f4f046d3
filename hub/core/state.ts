import type { CheckPolicy, NewcomerPolicy } from '#protocol/check-policy.ts';
import type { Digest, JobId, LeaseId, PeerId, PublicKey, Root } from '#protocol/ids.ts';
import type { JobRecord, JobState } from '#protocol/job.ts';
import type { Capabilities, Donation, IdleCode, Trial } from '#protocol/messages/control.ts';
import type { PackageManifest, Provider } from '#protocol/package.ts';
import type { AcceptedShard, Lease, SignedVerdict, Verdict } from '#protocol/records.ts';
import type { Refusal, RefusalCode } from '#protocol/refusal.ts';
import type { Funding } from '#protocol/settlement/money-api.ts';
import type { Dtype } from '#protocol/tensor.ts';
import type { Instant, Millis } from '#protocol/units.ts';
import type { Aside } from './aside.ts';
import type { Dispute } from './disputes.ts';
import type { EpochBook } from './epochs.ts';
import type { Ban, CommittedShard, Fact, RequestId, SocketId, Token } from './events.ts';
import type { FairBook, Flow } from './fairness.ts';
import type { Fleet } from './fleet.ts';
import type { Lapses } from './lapse.ts';
import type { MoneyBook } from './money.ts';
import type { Newcomers } from './newcomers.ts';
import type { Ranges } from './ranges.ts';
import type { Reviews } from './reviews.ts';

export interface HubConfig {
  hub: PublicKey;
  /** How verifiers are expected to draw; told in quotes. */
  checks: CheckPolicy;
  beatMs: Millis;
  seeder?: PeerId;
  iceServers: { urls: string[]; username?: string; credential?: string }[];
  /** When true, a job is done only after a verifier has judged every draw of it. */
  needsVerifier: boolean;
  /** How long a device stays out after a confirmed mismatch. */
  barMs: Millis;
  /** Absent where new devices are not limited. */
  newcomers?: NewcomerPolicy;
}

export type Session =
  | {
      stage: 'greeted';
      nonce: string;
      openedAt: Instant;
      heardAt: Instant;
    }
  | { stage: 'contributor' | 'verifier'; key: PublicKey; heardAt: Instant; sentAt: Instant };

export interface Admission {
  /** Digest of the device's calibration class on this package. */
  class: Digest;
  provider: Provider;
  dtype: Dtype;
  threads: number;
  /** Moving mean of measured time per unit. */
  unitMs: Millis;
  trials: Trial[];
}

/** A connected contributor. */
export interface Device {
  key: PublicKey;
  socket: SocketId;
  connectedAt: Instant;
  capabilities: Capabilities;
  ticket: string;
  peer: PeerId;
  /** Open requests for a lease. */
  credits: number;
  admitted: Map<Digest, Admission>;
  unfit: Map<Digest, string>;
  /** `trial`: the running job whose share of devices the time is taken from. */
  admitting?: { package: Digest; since: Instant; trial?: Flow };
  leases: Set<LeaseId>;
  holds: Set<Root>;
  donates: Donation;
  unitsAccepted: number;
  idle?: { code: IdleCode; message: string };
}

export interface VerifierSession {
  key: PublicKey;
  socket: SocketId;
  ticket: string;
  /** Sequences up to here were sent for checking. */
  sentThrough: number;
  /** Packages whose manifest was sent in this session. */
  manifests: Set<Digest>;
  /** Sequences whose exit audit was asked for in this session. */
  auditsAsked: Set<number>;
  /** The number of the last verdict of others that it was sent, or need not be. */
  reviewed: number;
  /** Units in dispute on which it was asked in this session. */
  opinionsAsked: Set<string>;
}

export interface ActiveLease {
  lease: Lease;
  /** Its device wanted nothing for this job when it was given. */
  donated?: true | undefined;
  device: PublicKey;
  /** Absent when it was lent before devices had one. */
  class?: Digest;
  provider: Provider;
  stage: 'computing' | 'logging' | 'logged' | 'accepting';
  issuedAt: Instant;
  expectedMs: Millis;
  deadlineAt: Instant;
  /** Set while the device is away: the lease ends here unless it comes back. */
  graceUntil?: Instant;
  committed?: CommittedShard;
  /** Known from the log after a restart; its device has not come back yet. */
  revived?: true;
  /** The other lease on the same units, near the end of a job. */
  twin?: LeaseId;
}

/** What is kept of every accepted shard, for going back on a device that is found out. */
export interface KeptShard {
  sequence: number;
  lease: LeaseId;
  job: JobId;
  device: PublicKey;
  /** As in `AcceptedShard`. */
  class?: Digest | undefined;
  provider: Provider;
  package: Digest;
  firstUnit: number;
  unitCount: number;
  /** As in `AcceptedShard`. */
  donated?: true | undefined;
  before: number;
  /** Whole until the job ends: a verifier may have to be asked about it again. */
  whole?: AcceptedShard;
  /** Verifiers that have judged its exit audit. */
  auditedBy?: Set<PublicKey>;
  /** It counts among what its device has in flight. */
  awaitsCheck?: true;
  /** Its units are open again; verdicts on it still count against its device. */
  voided?: true;
}

export interface Job {
  record: JobRecord;
  inputDigests: Uint8Array;
  state: JobState;
  reason: string;
  manifest?: PackageManifest;
  packageId?: Digest;
  inputUnitBytes: number;
  outputUnitBytes: number;
  /** Bytes of a unit's taps, which a device holds, and of its fingerprint, which it sends. */
  tapUnitBytes: number;
  fingerprintUnitBytes: number;
  startedAt?: Instant;
  endedAt?: Instant;
  refusal?: Refusal;
  /** What it is paid from, as it is on disk. */
  funding?: Funding;
  open: Ranges;
  leases: Set<LeaseId>;
  leasedUnits: number;
  shards: Map<number, KeptShard>;
  /** Of a job with assurance: what may not be read yet, and what may. */
  unreleased: Map<number, KeptShard>;
  released: Ranges;
  acceptedUnits: number;
  checked: number;
  mismatched: number;
  requeued: number;
  /** By unit: how often verifiers did not agree on it. */
  ties: Map<number, number>;
  /** What its checks needed is kept no more. */
  forgotten?: true;
  lastSequence: number;
  /** Counted anew on each tick, and in between while few are online. */
  fleet: Fleet;
  preparing?: { verifier: PublicKey; since: Instant };
  prepareTries: number;
}

/**
 * Facts that were decided and are not on disk yet. The state shows nothing of them, so whoever
 * decides looks here for what was decided already.
 */
export interface Underway {
  writes: Map<Token, readonly Fact[]>;
  /** By `nameOf`: how many such facts are on their way, or units where the name counts units. */
  counts: Map<string, number>;
}

/** Who is answered when what he asked for is on disk; `job` is shown to him. */
export interface Reply {
  request: RequestId;
  job: JobId | null;
}

/** What blobs are being made for: a package, or the units of a job that is cut anew. */
export type Making =
  | { type: 'package'; job: JobId; manifest: Omit<PackageManifest, 'knownAnswers'> }
  | { type: 'recut'; job: JobId };

/** The whole state of a hub. Changed in place: copying it per message would cost more than the work. */
export interface Hub {
  config: HubConfig;
  startedAt?: Instant;
  stopping: boolean;
  sessions: Map<SocketId, Session>;
  devices: Map<PublicKey, Device>;
  verifiers: Map<PublicKey, VerifierSession>;
  tickets: Map<string, PublicKey>;
  enrolled: Set<PublicKey>;
  /** Verifiers that were taken off the list. */
  removed: Set<PublicKey>;
  /** The newest ban of each device that was not pardoned. */
  barred: Map<PublicKey, Ban>;
  aside: Map<PublicKey, readonly Aside[]>;
  judged: Map<PublicKey, number>;
  epochs: Map<PublicKey, EpochBook>;
  jobs: Map<JobId, Job>;
  leases: Map<LeaseId, ActiveLease>;
  /** Why leases ended, the latest of them, with the devices that held them. */
  ended: Map<LeaseId, { device: PublicKey; code: RefusalCode }>;
  /** Every shard ever accepted, by its lease, void or not: what a verdict may be about. */
  shards: Map<LeaseId, KeptShard>;
  /** By log index: commitments that may still be opened. */
  commitments: Map<number, CommittedShard>;
  lapses: Map<PublicKey, Lapses>;
  newcomers: Newcomers;
  /** How running jobs share devices; begun anew at each start. */
  fairness: FairBook;
  /** Accepted units of all jobs that stand. */
  acceptedUnits: number;
  /** Devices with open requests. */
  waiting: Set<PublicKey>;
  servable: Set<Root>;
  /** Decided, and not on disk yet. */
  underway: Underway;
  /** By token of a write. */
  replies: Map<Token, Reply>;
  making: Map<Token, Making>;
  /** Why the disk takes no writes, while that is so: no work is given out. */
  trouble?: Refusal;
  /** By lease and unit: what each verifier said, where several are enrolled; of jobs that go on. */
  opinions: Map<string, Verdict[]>;
  disputes: Map<string, Dispute>;
  /** By lease and unit: verdicts from which something follows that is not decided yet. */
  unresolved: Map<string, Verdict>;
  /** Units on which nothing follows from further verdicts. */
  resolved: Set<string>;
  /** How often the majority contradicted a verifier. */
  faults: Map<PublicKey, number>;
  /** (lease, unit, verifier) of verdicts taken, to drop repeats. */
  verdictsTaken: Set<string>;
  /** By `standingName`: units of a device and package since its last confirmed failure. */
  standings: Map<string, number>;
  /** When a device lost its trust: nothing it did until then counts for it. */
  resetAt: Map<PublicKey, Instant>;
  /** By `standingName`: where the newest judged shard ends, in the units `before` counts. */
  judgedUnits: Map<string, number>;
  /** Accepted shards not judged by every verifier yet, in order of sequence. */
  unjudged: Map<number, KeptShard>;
  /** By `standingName`: accepted shards of jobs that go on that wait for verifiers. */
  inFlight: Map<string, number>;
  /** Devices that have less in flight since they were last served. */
  freed: Set<PublicKey>;
  reviews: Reviews;
  money: MoneyBook;
  nextIndex: number;
  nextSequence: number;
  nextToken: Token;
}

export const verdictName = ({ verdict }: SignedVerdict): string =>
  `${verdict.lease}/${verdict.unit}/${verdict.verifier}`;
