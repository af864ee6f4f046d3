import type { Provider } from '#protocol/models/package.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { Digest, LeaseId, PublicKey } from '#protocol/values/ids.ts';
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
  /** Its accepted shards of jobs in memory, void or not. */
  shards: number;
}

/**
 * Who may begin work. Names are free, so that a hub takes only so many new ones: `NEWCOMER_POLICY`.
 * A device takes its places with a lease, one or, where its units are dear, more; it keeps them for
 * good once the shard is accepted, and one that delivers nothing gives them back. After a ban it is
 * new again. What is taken for good follows from the accepted shards and the bans on disk, so that
 * a restart changes nothing. A device counts 0 places where it is among the first.
 */
export interface Newcomers {
  /** Places that are taken for good, by device and ban; of them in each `DeviceRecord`. */
  begun: PlaceCount;
  /** Costs of the units of each device's leases, in microseconds. */
  lent: Map<PublicKey, number[]>;
  /** Places that leases take beyond those their devices have for good. */
  beginningOf: Map<PublicKey, number>;
  beginning: PlaceCount;
  /** Devices online that wait for a place, first come first; with a number that only grows. */
  line: Map<PublicKey, number>;
  lastInLine: number;
}

/** How many entries are among the first, and the sum of the places of the others. */
export interface PlaceCount {
  first: number;
  taken: number;
}
