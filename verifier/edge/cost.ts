import type { VerifierEvent } from '../core/state/events.ts';

/** What this process has spent, against what it was shown. It begins anew with each start. */
export interface Cost {
  /** Units of accepted shards the hub has sent since the start. */
  units: number;
  /** Re-executions since the start, second runs counted. */
  executions: number;
  /** Their time, with the fetching of inputs. */
  executeMs: number;
  /** A hub sends a shard again after a lost connection; it counts once. */
  lastSequence: number;
}

export const openCost = (): Cost => ({ units: 0, executions: 0, executeMs: 0, lastSequence: -1 });

/** Counts the units of a shard that is seen for the first time. */
export function countShown(cost: Cost, event: VerifierEvent): void {
  if (event.type !== 'received' || event.message.type !== 'check') return;
  const { shard, exit } = event.message;
  if (exit === true || shard.sequence <= cost.lastSequence) return;
  cost.lastSequence = shard.sequence;
  cost.units += shard.unitCount;
}

/** Runs one re-execution and counts its time, however it ends. */
export async function countExecution<T>(cost: Cost, execute: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await execute();
  } finally {
    cost.executions += 1;
    cost.executeMs += performance.now() - start;
  }
}
