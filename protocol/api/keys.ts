import * as v from 'valibot';
import { DeveloperId } from '../values/ids.ts';
import { Count, Instant, Lamports } from '../values/units.ts';

/** `operator` may do everything; `developer` has jobs, and sees no one else's unless they are shared. */
export const KeyRole = v.picklist(['operator', 'developer'], 'expected operator or developer');
export type KeyRole = v.InferOutput<typeof KeyRole>;

/** On jobs: `read` sees them and their results, `write` posts, moves, pays and removes as well. */
export const Access = v.picklist(['read', 'write'], 'expected read or write');
export type Access = v.InferOutput<typeof Access>;

const CALLS_MAX = 1_000_000;

/** What a key may spend, in all the jobs it ever posts; refused jobs do not count. */
export const KeyBudget = v.strictObject({
  items: v.exactOptional(Count),
  /** Price times units. */
  lamports: v.exactOptional(Lamports),
});
export type KeyBudget = v.InferOutput<typeof KeyBudget>;

/** What an operator says of a key to be made. */
export const KeyRequest = v.strictObject({
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100)),
  role: v.optional(KeyRole, 'developer'),
  /** On jobs of its own and those shared with it. */
  access: v.optional(Access, 'write'),
  expiresAt: v.exactOptional(Instant),
  budget: v.exactOptional(KeyBudget),
  callsPerMinute: v.exactOptional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(CALLS_MAX)),
  ),
});
export type KeyRequest = v.InferOutput<typeof KeyRequest>;

/** A key without its text, which the hub does not have. */
export const KeyView = v.strictObject({
  id: DeveloperId,
  ...KeyRequest.entries,
  role: KeyRole,
  access: Access,
  createdAt: Instant,
  revokedAt: v.exactOptional(Instant),
});
export type KeyView = v.InferOutput<typeof KeyView>;

/** The key of the call, and what its jobs came to so far. */
export const OwnKey = v.strictObject({
  ...KeyView.entries,
  spent: v.strictObject({ items: Count, lamports: Lamports }),
});
export type OwnKey = v.InferOutput<typeof OwnKey>;

/** A key that was made now: its text is shown here alone. */
export const NewKey = v.strictObject({ ...KeyView.entries, key: v.string() });
export type NewKey = v.InferOutput<typeof NewKey>;

/** All keys, the oldest first. */
export const KeyList = v.strictObject({ keys: v.array(KeyView) });
export type KeyList = v.InferOutput<typeof KeyList>;

/** What another key may do with the jobs of this one; `none` takes it back. */
export const ShareRequest = v.strictObject({
  with: DeveloperId,
  access: v.picklist(['none', 'read', 'write'], 'expected none, read or write'),
});
export type ShareRequest = v.InferOutput<typeof ShareRequest>;
