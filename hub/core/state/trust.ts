import type { Provider } from '#protocol/models/package.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { Instant } from '#protocol/values/units.ts';

/** One provider of one package that a device has lost. */
export interface Suspension {
  package: Digest;
  provider: Provider;
  until: Instant;
  reason: Reason;
}

/** What a device committed to and never revealed. `pausedUntil` is when it gets a shard again. */
export interface Unrevealed {
  count: number;
  pausedUntil?: Instant;
}

/**
 * Who may begin work. Names are free, so that a hub takes only so many new ones: `NEWCOMER_POLICY`.
 * A device takes its places with a lease, one or, where its units are dear, more; it keeps them for
 * good once the shard is accepted, and one that delivers nothing gives them back. After a ban it is
 * new again. What is taken for good follows from the accepted shards and the bans on disk, so that
 * a restart changes nothing. A device counts 0 places where it is among the first.
 */
export interface Newcomers {
  /** Places that are taken for good: by `placeName`. */
  begun: Map<string, number>;
  /** When each device was banned. */
  bans: Map<PublicKey, number[]>;
  /** Costs of the units of each device's leases, in microseconds. */
  lent: Map<PublicKey, number[]>;
  /** Places that leases take beyond those their devices have for good. */
  beginning: Map<PublicKey, number>;
  /** Entries of both that are among the first, and the sum of the places of both. */
  first: { begun: number; beginning: number };
  taken: number;
  /** Devices online that wait for a place, first come first; with a number that only grows. */
  line: Map<PublicKey, number>;
  lastInLine: number;
}
