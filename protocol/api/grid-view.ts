import * as v from 'valibot';
import { JobId, PublicKey } from '../values/ids.ts';
import { Provider } from '../values/provider.ts';
import { Reason } from '../values/reason.ts';
import { Refusal } from '../values/refusal.ts';
import { Count, Instant, Millis } from '../values/units.ts';

/**
 * `degraded`: the disk takes no writes (`trouble` says why, and no work is given out meanwhile), facts
 * have waited for it for 10 s, or the oldest unjudged shard has waited for verifiers for 5 minutes.
 */
export const Health = v.strictObject({
  status: v.picklist(['ok', 'degraded']),
  trouble: v.optional(Refusal),
  version: v.string(),
  hub: PublicKey,
  uptimeMs: Millis,
  /** Whether the chain answered when last asked. While it is silent money waits, work goes on. */
  chain: v.picklist(['none', 'answers', 'silent']),
  /** How long ago facts came to disk, and how long some have waited without any coming there. */
  writes: v.strictObject({ lastMs: v.optional(Millis), waitingMs: Millis }),
  /** Verifiers online, and the age of the oldest shard that they have not judged. */
  checks: v.strictObject({ verifiers: Count, unjudged: Count, lagMs: Millis }),
});
export type Health = v.InferOutput<typeof Health>;

/**
 * Whether the hub takes new work now, and what it waits for: `disk`, which takes no writes; `writes`,
 * which have waited for it for 10 s; `stopping`, since it is about to end.
 */
export const Readiness = v.strictObject({
  ready: v.boolean(),
  waits: v.array(v.picklist(['disk', 'writes', 'stopping'])),
});
export type Readiness = v.InferOutput<typeof Readiness>;

/** A device that is online, as the grid's page shows it. */
export const DeviceView = v.strictObject({
  key: PublicKey,
  engine: v.string(),
  provider: v.optional(Provider),
  unitMs: v.optional(Millis),
  job: v.optional(JobId),
  unitsAccepted: Count,
  connectedAt: Instant,
  /** Why it has no work, when it has none. */
  idle: v.optional(Reason),
});
export type DeviceView = v.InferOutput<typeof DeviceView>;

/** Who is online and what they do. */
export const GridView = v.strictObject({
  devices: v.array(DeviceView),
  verifiers: v.array(PublicKey),
  /** Units that one verifier found wrong and others still judge, and who has spoken on them. */
  disputes: v.array(
    v.strictObject({
      job: JobId,
      unit: Count,
      device: PublicKey,
      spoken: v.array(PublicKey),
    }),
  ),
  /** How often the majority contradicted a verifier. */
  faults: v.array(v.strictObject({ verifier: PublicKey, count: Count })),
  jobsRunning: Count,
  /** Running jobs with units that no device computes now. */
  jobsWaiting: Count,
  unitsAccepted: Count,
  /** Why the hub cannot write to its disk, while that is so: it gives out no work. */
  trouble: v.optional(Refusal),
  /** Places for new devices, one more for each `unitsEach` units of 100 ms; absent without a limit. */
  newcomers: v.optional(
    v.strictObject({ places: Count, taken: Count, waiting: Count, unitsEach: Count }),
  ),
});
export type GridView = v.InferOutput<typeof GridView>;

/** What waited at the hub when a browser last looked, kept for when the hub is away. */
export const KeptGrid = v.strictObject({ at: Instant, jobsWaiting: Count, devices: Count });
export type KeptGrid = v.InferOutput<typeof KeptGrid>;
