import type { JobRecord, JobState } from '#protocol/api/job.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { AcceptedShard, Lease, UnitInputs } from '#protocol/records/records.ts';
import type { Funding } from '#protocol/settlement/money-api.ts';
import type { DeveloperId, Digest, JobId, LeaseId, PublicKey } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Refusal, RefusalCode } from '#protocol/values/refusal.ts';
import { type Instant, instant, type Millis } from '#protocol/values/units.ts';
import type { CommittedShard, JobTally, MendedUnit } from './facts.ts';
import type { Ranges } from './ranges.ts';

/**
 * Shares device time among running jobs by deficit round robin: among developers first, then among
 * the jobs of each. An account holds how many milliseconds may still be spent on it. A device that
 * asks is offered what has most left, and what that would take a device of mean speed is taken off,
 * divided by the weight of its job. When nothing that can be served has any left, a round ends and each account gets a
 * quantum more; none ever holds more than that, so that who could not be served does not save up.
 */
export interface FairBook {
  developers: Map<DeveloperId, number>;
  jobs: Map<JobId, number>;
}

/** A running job as one device sees it. */
export interface Flow {
  id: JobId;
  developer: DeveloperId;
  /** At least 1: how much more device time it gets than one of weight 1. */
  weight: number;
  /** Its accounts count as this much fuller for this device: it is set up for it, or good at it. */
  leadMs: number;
  /** It goes before others as long as there is something left on its accounts. */
  isAwaited?: boolean;
  /** Before a sibling with a later one, or none, as long as there is something left for both. */
  deadline?: Instant | undefined;
}

/** What devices online can do for a job: shards near its end are sized by it. */
export interface Fleet {
  /** Units per millisecond of all devices that are admitted to its package. */
  speed: number;
  /** What a unit takes the mean of all that may have the job, by `expected`; 0 where none has it. */
  unitMs: number;
  /** By hardware: what a unit takes, or that a device tries it for the first time. */
  expected: Map<string, number | 'tried'>;
  /** How many are admitted, or tried. */
  devices: number;
  countedAt: Instant;
}

/** How an open job is asked, in this life of the hub. */
export interface Traffic {
  /** When inputs came, the latest of them. */
  askedAt: Instant[];
  /** Milliseconds from lease to result, the latest of them. */
  tookMs: number[];
}

/** Devices of a job before they are counted. */
const noFleet = (): Fleet => ({
  ...{ speed: 0, unitMs: 0, expected: new Map(), devices: 0, countedAt: instant(0) },
});

/** A lease from its grant to its end. */
export interface ActiveLease {
  lease: Lease;
  /** Of a unit, in microseconds. */
  unitCost: number;
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
  workBefore: number;
  unitCost: number;
  counted?: 'package' | undefined;
  /** Whole until the job ends: a verifier may have to be asked about it again. */
  whole?: AcceptedShard;
  /** Verifiers that have judged its exit check. */
  exitCheckedBy?: Set<PublicKey>;
  /** It counts among what its device has in flight. */
  awaitsCheck?: true;
  /** Its units are open again; verdicts on it still count against its device. */
  voided?: true;
  /** Verdicts on it that were taken, as `unit/verifier`, to drop repeats. */
  judgedBy?: Set<string>;
}

/** A unit with items that cannot be computed: what the fact says of it. */
export interface FailedUnit {
  failed: readonly FailedItems[];
  since: number;
  mended?: MendedUnit;
  stands?: true;
}

/** How a unit failed on a device. `isSilent`: it said nothing until its time was up, or was gone. */
export interface UnitFailure {
  device: PublicKey;
  provider: Provider;
  isSilent: boolean;
}

/** A unit that failed on devices, in this life of the hub. */
export interface Suspect {
  failures: readonly UnitFailure[];
  /** How often verifiers did not agree on it. */
  ties: number;
}

/** Bytes of one unit: what a device fetches, what it sends, what it holds beside these. */
export interface UnitSizes {
  fetched: number;
  sent: number;
  held: number;
}

/** What a running hub adds to a job, where nothing of it is lent. */
export const jobAtRest = () => ({
  leases: new Set<LeaseId>(),
  leasedUnits: 0,
  runnable: new Set<number>(),
  suspects: new Map<number, Suspect>(),
  cuts: new Set<number>(),
  fleet: noFleet(),
  traffic: { askedAt: [], tookMs: [] } as Traffic,
  prepareTries: 0,
  keepFailed: undefined as Job['keepFailed'],
  late: undefined as Reason | undefined,
});

/** A job, as its facts and its leases make it. */
export interface Job extends JobTally {
  record: JobRecord;
  inputDigests: Uint8Array;
  state: JobState;
  reason: Reason;
  manifest?: PackageManifest;
  packageId?: Digest;
  unitSizes: UnitSizes;
  startedAt?: Instant;
  endedAt?: Instant;
  /** Its inputs and results went then. */
  removedAt?: Instant;
  refusal?: Refusal;
  /** What it is paid from, as it is on disk. */
  funding?: Funding;
  /** Units that came while it ran: blobs of them, in their order. `record` counts them too. */
  added: Required<UnitInputs>[];
  /** When inputs came last. */
  addedAt?: Instant;
  /** From then on it takes no more inputs. */
  inputsEndedAt?: Instant;
  open: Ranges;
  leases: Set<LeaseId>;
  leasedUnits: number;
  shards: Map<number, KeptShard>;
  /** Leases of shards that are void. */
  voided: LeaseId[];
  /** Of a job with assurance: what may not be read yet. */
  unreleased: Map<number, KeptShard>;
  failed: Map<number, FailedUnit>;
  /** How many items that are, and how many units without a good one. */
  failedItems: number;
  failedUnits: number;
  /** Accepted units that a verifier could not execute again. */
  unexecuted: Set<number>;
  /** Those of them that run after all, in this life of the hub. */
  runnable: Set<number>;
  /** Each of them is lent alone. */
  suspects: Map<number, Suspect>;
  /** First units of leases that are to be smaller than one that failed. */
  cuts: Set<number>;
  /** By unit: how often verifiers did not agree on it. */
  ties: Map<number, number>;
  /** What its checks needed is kept no more. */
  forgotten?: true;
  /** Why its results come after its deadline, as of the last tick. */
  late: Reason | undefined;
  /** Counted anew on each tick, and in between while few are online. */
  fleet: Fleet;
  traffic: Traffic;
  preparing?: { verifier: PublicKey; since: Instant };
  /** How often a verifier was late with it, or the disk failed. */
  prepareTries: number;
  /** Why what was prepared could not be kept, and when a verifier is asked again. */
  keepFailed: { code: RefusalCode; again: Instant } | undefined;
}
