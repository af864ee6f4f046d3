import type { Verifier } from './state.ts';

/** Units waiting for a verdict. Shards not drawn yet count as one each. */
export function heldUnits({ queue, arrivals, audits }: Verifier): number {
  return queue.reduce((sum, { units }) => sum + units.length, arrivals.length + audits.length);
}
