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
 * A device takes a place with its first lease, and keeps it for good once a shard of it is
 * accepted; one that delivers nothing gives it back. After a ban it is new again. All of it follows
 * from the accepted shards and the bans on disk, so that a restart changes nothing.
 */
export interface Newcomers {
  /** Places that are taken for good: by `placeName`. */
  begun: Set<string>;
  /** When each device was banned. */
  bans: Map<PublicKey, number[]>;
  /** Leases of devices that hold some and have no place for good. */
  beginning: Map<PublicKey, number>;
  /** Devices online that wait for a place, first come first; with a number that only grows. */
  line: Map<PublicKey, number>;
  lastInLine: number;
}
