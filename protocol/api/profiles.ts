import * as v from 'valibot';
import { PublicKey, Signature } from '../values/ids.ts';
import { PublicName } from '../values/public-name.ts';
import { Count, Instant } from '../values/units.ts';

/**
 * What a contributor wants to be called in public, signed as `profile`. `at` is its clock, within ten
 * minutes, and later than in its word before. One without a name and a team removes its profile.
 */
export const ProfileRecord = v.strictObject({
  device: PublicKey,
  hub: PublicKey,
  name: v.exactOptional(PublicName),
  team: v.exactOptional(PublicName),
  at: Instant,
});
export type ProfileRecord = v.InferOutput<typeof ProfileRecord>;

/** A contributor chooses a public name, a team, both or none. */
export const ProfileRequest = v.strictObject({ record: ProfileRecord, signature: Signature });
export type ProfileRequest = v.InferOutput<typeof ProfileRequest>;

/** A contributor who chose to be public. */
export const ProfileView = v.strictObject({
  device: PublicKey,
  name: v.exactOptional(PublicName),
  team: v.exactOptional(PublicName),
  /** Accepted since it has a profile, without those that are void. */
  units: Count,
  since: Instant,
});
export type ProfileView = v.InferOutput<typeof ProfileView>;

/** Contributors of one team, and what they did since they have profiles. */
export const TeamView = v.strictObject({ name: PublicName, members: Count, units: Count });
export type TeamView = v.InferOutput<typeof TeamView>;

/** The teams with most units, the first first. */
export const TeamList = v.strictObject({ teams: v.array(TeamView) });
export type TeamList = v.InferOutput<typeof TeamList>;
