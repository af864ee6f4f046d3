import { readReceipts } from '#client/receipts.ts';
import type { JobView } from '#protocol/api/job.ts';
import { must } from '#protocol/values/refusal.ts';
import type { BenchHub } from '../hub.ts';

/** One accepted shard: when the hub took it, in ms, and its units. */
export interface Taken {
  at: number;
  units: number;
}

export interface SteadyRate {
  itemsPerSecond: number;
  seconds: number;
  /** Shards within the window. */
  shards: number;
}

/** Items a second of a finished job, by the hub's own times of acceptance. */
export async function readSteadyRate(hub: BenchHub, job: JobView): Promise<SteadyRate> {
  const taken: Taken[] = [];
  for (const { shard } of must(await readReceipts(hub.client, job.id))) {
    taken.push({ at: shard.at, units: shard.unitCount });
  }
  return steadyRate(taken, job.unitItems);
}

/**
 * The window from the first accepted shard, which stands for the start-up, to the last one that is
 * at least half as long as the longest: shards shrink towards a job's end so that all devices
 * finish together.
 */
export function steadyRate(taken: readonly Taken[], unitItems: number): SteadyRate {
  const ordered = [...taken].sort((a, b) => a.at - b.at);
  const longest = Math.max(...ordered.map(({ units }) => units));
  const end = ordered.findLastIndex(({ units }) => units >= longest / 2);
  const [first] = ordered;
  const last = ordered[end];
  if (first === undefined || last === undefined || last.at <= first.at) {
    throw new Error(`${ordered.length} shards are too few for a rate: make the job longer`);
  }
  const units = ordered.slice(1, end + 1).reduce((sum, shard) => sum + shard.units, 0);
  const seconds = (last.at - first.at) / 1000;
  return { itemsPerSecond: (units * unitItems) / seconds, seconds, shards: end };
}
