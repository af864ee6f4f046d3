import type { Address } from '#protocol/settlement/money-api.ts';
import type { Digest, LeaseId, PublicKey } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Instant } from '#protocol/values/units.ts';

/** One provider of one package that a device has lost. */
export interface Suspension {
  package: Digest;
  provider: Provider;
  until: Instant;
  reason: Reason;
}

/** A device gets no work until then. `work`: what was found wrong; old bans do not name it. */
export interface Ban {
  device: PublicKey;
  until: Instant;
  work?: { lease: LeaseId; unit: number };
  at: Instant;
}

/** An operator lifted the ban of that moment; the reason is shown in public. */
export interface Pardon {
  device: PublicKey;
  bannedAt: Instant;
  reason: string;
  at: Instant;
}

/**
 * What the facts on disk make of one device, over all its jobs. Facts hold it as JSON, and share
 * what is in it: its fields are set, and nothing in them is changed in place.
 */
export interface DeviceRecord {
  /** Accepted work since its last confirmed failure, in microseconds. */
  standing: number;
  /** Where its newest judged shard ends, in the work `workBefore` counts. */
  judgedWork: number;
  /** When it lost its trust: nothing it did until then counts for it. */
  resetAt?: Instant;
  /** Commitments that it never revealed. */
  unrevealed: number;
  /** When it gets a shard again after too many of those. */
  pausedUntil?: Instant;
  suspensions: readonly Suspension[];
  /** The newest ban, where it was not pardoned. */
  ban?: Ban;
  /** When it was banned, without the bans that were pardoned. */
  bannedAt: readonly Instant[];
  /** Places that are taken for good, by the number of bans before: 0 where it was among the first. */
  places: Readonly<Record<number, number>>;
  /** How often it named an address for its pay, and the newest one. */
  payouts: number;
  recipient?: Address;
  /** Of the newest one, by the device's clock. */
  payoutAt?: Instant;
  /** Its accepted shards of jobs in memory, void or not. */
  shards: number;
}

/**
 * Who may begin work. Names are free, so that a hub takes only so many new ones: `NEWCOMER_POLICY`.
 * A device takes its places with a lease, one or, where its units are dear, more. It keeps them for
 * good once its probation is over; one that goes before that, delivers nothing or is banned gives them
 * back, and what its checks took is used for a day: `PROBATION_POLICY`. After a ban a device is new
 * again. What is taken for good follows from the facts on disk, so that a restart changes nothing. A
 * device counts 0 places where it is among the first.
 */
export interface Newcomers {
  /** Places that are taken for good, by device and ban; of them in each `DeviceRecord`. */
  begun: PlaceCount;
  /** How many leases each device has. */
  lent: Map<PublicKey, number>;
  /** Of devices at work that have not all places for good that their work needs. */
  seats: Map<PublicKey, Seat>;
  /** Places that these take beyond those their devices have for good. */
  beginningOf: Map<PublicKey, number>;
  beginning: PlaceCount;
  /** What checks of devices on probation have used. */
  probation: ProbationUse;
  /** Whole places of that, as of the last tick. */
  used: number;
  /** Devices online that wait for a place, first come first; with a number that only grows. */
  line: Map<PublicKey, number>;
  lastInLine: number;
}

/** A device has it while something of it is lent or waits for checks, and a short time after. */
export interface Seat {
  /** Of the dearest unit it was lent, in microseconds. */
  unitCost: number;
  idleSince?: Instant;
  /** It let a lease expire. */
  isOver?: true;
}

/** Checked work in microseconds that counts at a moment; it comes back as time passes. */
export interface ProbationUse {
  work: number;
  at: Instant;
}

/** How many entries are among the first, and the sum of the places of the others. */
export interface PlaceCount {
  first: number;
  taken: number;
}
