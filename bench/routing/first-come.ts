import type { RoutedFleet } from './fleet.ts';

const SHARD_MS = 4_000;
const SHARDS = 250;

/**
 * Units a millisecond of each job when the next device that asks gets the job that had least of the
 * time it is owed, whatever its speed there.
 */
export function runFirstCome({ devices, jobs }: RoutedFleet): number[] {
  const given = jobs.map(() => 0);
  const units = jobs.map(() => 0);
  for (let shard = 0; shard < SHARDS; shard += 1) {
    // Nobody is always the one before the same other.
    const asking = [
      ...devices.slice(shard % devices.length),
      ...devices.slice(0, shard % devices.length),
    ];
    for (const { unitMs } of asking) {
      const owed = jobs.map(({ share }, job) => (given[job] ?? 0) / share);
      const job = owed.indexOf(Math.min(...owed));
      given[job] = (given[job] ?? 0) + SHARD_MS;
      units[job] = (units[job] ?? 0) + SHARD_MS / (unitMs[job] ?? Infinity);
    }
  }
  return units.map((all) => all / (SHARDS * SHARD_MS));
}
