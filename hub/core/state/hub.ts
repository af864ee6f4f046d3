import type { CheckPolicy, NewcomerPolicy } from '#protocol/checks/check-policy.ts';
import type { Measured, PackageManifest } from '#protocol/models/package.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { Verdict } from '#protocol/records/records.ts';
import type { Digest, JobId, LeaseId, PeerId, PublicKey, Root } from '#protocol/values/ids.ts';
import type { Refusal, RefusalCode } from '#protocol/values/refusal.ts';
import type { Instant, Millis } from '#protocol/values/units.ts';
import type { Dispute, EpochBook, Exam, Reviews } from './checks.ts';
import type { Device, Hello, Session, VerifierSession } from './device.ts';
import type { HubCommand, RequestId, SocketId, Token } from './events.ts';
import type { CommittedShard, Fact } from './facts.ts';
import type { ActiveLease, FairBook, Job, KeptShard } from './job.ts';
import type { ModelPackages } from './model-packages.ts';
import type { MoneyBook } from './money.ts';
import type { Profiles } from './profiles.ts';
import type { DeviceRecord, Newcomers } from './trust.ts';

/** What an operator sets. */
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
  /** How many devices that are offline stay in memory; 10,000 unless said otherwise. */
  offlineDevicesMax?: number;
  /** Absent where new devices are not limited. */
  newcomers?: NewcomerPolicy;
}

/**
 * Facts that were decided and are not on disk yet. The state shows nothing of them, so whoever
 * decides looks here for what was decided already.
 */
export interface Underway {
  writes: Map<Token, readonly Fact[]>;
  /** By `nameOf`: how many such facts are on their way, or work where the name counts work. */
  counts: Map<string, number>;
}

/** Who is answered when what he asked for is on disk; `job` is shown to him. */
export interface Reply {
  request: RequestId;
  job: JobId | null;
}

/** What blobs are being made for: a package, a job that is cut anew, or a unit that is mended. */
export type Making =
  | { type: 'package'; job: JobId; manifest: Omit<PackageManifest, 'knownAnswers'> }
  | { type: 'recut'; job: JobId; size: UnitSize }
  | { type: 'mend'; job: JobId; unit: number; failed: readonly FailedItems[] };

/** Who waits until what is known of a device is in the state. */
export type Waiting =
  | { type: 'hello'; socket: SocketId; hello: Hello }
  | { type: 'command'; request: RequestId; command: HubCommand };

/** Items of a unit; `coupled` where one is right and more are not. */
export interface UnitSize {
  unitItems: number;
  coupled?: true;
}

/**
 * What the facts on disk make: nothing but `applyFact` changes it. What a running hub adds to its
 * jobs, newcomers and disputes goes with the rest of `Hub`: `takeSnapshot` leaves it out.
 */
export interface DurableState {
  /** The number of the newest fact in the store that is applied. */
  factNumber: number;
  enrolled: Set<PublicKey>;
  /** Verifiers that were taken off the list. */
  removed: Set<PublicKey>;
  /** Of devices with work in `jobs`, of those online, and of some that left, longest gone first. */
  deviceRecords: Map<PublicKey, DeviceRecord>;
  /** How many records are in the store alone. */
  archivedDevices: number;
  judged: Map<PublicKey, number>;
  epochs: Map<PublicKey, EpochBook>;
  /** Jobs that go on, or ended a short time ago; older ones are in the store. */
  jobs: Map<JobId, Job>;
  /** By the id of a package: what the first preparation of it found. */
  packages: Map<Digest, Measured>;
  /** By model (`Kind.sizing`): the size of units that was first measured. */
  sizes: Map<Digest, UnitSize>;
  /** By `JobRecord.setup` and the length of rows: the job that was prepared so last. */
  setups: Map<Digest, Map<number, JobId>>;
  /** Accepted shards of jobs in `jobs`, by lease, void or not: what a verdict may be about. */
  shards: Map<LeaseId, KeptShard>;
  /** By log index: commitments that may still be opened. */
  commitments: Map<number, CommittedShard>;
  newcomers: Newcomers;
  profiles: Profiles;
  /** Accepted units of all jobs that stand. */
  acceptedUnits: number;
  /** Their work, in microseconds of reference time. */
  acceptedWork: number;
  /** By lease and unit: what each verifier said, where several are enrolled; of jobs that go on. */
  opinions: Map<string, Verdict[]>;
  disputes: Map<string, Dispute>;
  /** By lease and unit: verdicts from which something follows that is not decided yet. */
  unresolved: Map<string, Verdict>;
  /** By lease and unit: on these nothing follows from further verdicts. */
  resolved: Map<string, JobId>;
  /** How often the majority contradicted a verifier. */
  faults: Map<PublicKey, number>;
  /** The last sequence that was counted as judged by enough verifiers. */
  countedThrough: number;
  /** Accepted shards not judged by every verifier yet, in order of sequence. */
  unjudged: Map<number, KeptShard>;
  /** By device: accepted shards of jobs that go on that wait for verifiers. */
  inFlight: Map<PublicKey, { shards: number; units: number }>;
  reviews: Reviews;
  money: MoneyBook;
  nextIndex: number;
  nextSequence: number;
}

/** The whole state of a hub. Changed in place: copying it per message would cost too much. */
export interface Hub extends DurableState {
  /** Those of `jobs` that have not ended. */
  openJobs: Map<JobId, Job>;
  config: HubConfig;
  startedAt?: Instant;
  stopping: boolean;
  sessions: Map<SocketId, Session>;
  /** Devices that serve a blob to their peers, in no order. */
  holders: Map<Root, Device[]>;
  /** Whether open requests are about to be served all together. */
  isScheduleDue: boolean;
  /** Sockets that came faster than the hub welcomes them: the puzzle of a hello follows from it. */
  greeting: { waiting: number; at: Instant };
  devices: Map<PublicKey, Device>;
  verifiers: Map<PublicKey, VerifierSession>;
  tickets: Map<string, PublicKey>;
  leases: Map<LeaseId, ActiveLease>;
  /** Why leases ended, the latest of them, with the devices that held them. */
  ended: Map<LeaseId, { device: PublicKey; code: RefusalCode }>;
  /** How running jobs share devices; begun anew at each start. */
  fairness: FairBook;
  /** Of this life, and of jobs in memory. */
  modelPackages: ModelPackages;
  /** Devices with open requests. */
  waiting: Set<PublicKey>;
  /** Packages of open jobs that are asked. */
  asked: Set<Digest>;
  /** Devices that get nothing but units of these open jobs. */
  ready: Map<PublicKey, readonly JobId[]>;
  /** Decided, and not on disk yet. */
  underway: Underway;
  /** By token of a write. */
  replies: Map<Token, Reply>;
  making: Map<Token, Making>;
  /** Archived devices that are looked up, and who waits for each. */
  recalls: Map<PublicKey, Waiting[]>;
  /** By `examName`: units that failed twice, which verifiers look into. */
  exams: Map<string, Exam>;
  /** Why the disk takes no writes, while that is so: no work is given out. */
  trouble?: Refusal;
  /** When the process went on after it had stood still. */
  wokeAt?: Instant;
  /** Devices that have less in flight since they were last served. */
  freed: Set<PublicKey>;
  nextToken: Token;
}
