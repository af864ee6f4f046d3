import type { PublicKey } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';

/** What a contributor chose to be called in public, and what it did since. */
export interface Profile {
  name?: string;
  team?: string;
  /** Of its newest word, by its clock. */
  signedAt: Instant;
  since: Instant;
  /** Shards from this sequence on count. */
  from: number;
  units: number;
}

/** By device: those who chose to have one. */
export type Profiles = Map<PublicKey, Profile>;
