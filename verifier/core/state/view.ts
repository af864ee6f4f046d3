import type { PublicKey } from '#protocol/values/ids.ts';
import type { Verifier } from './verifier.ts';

/** What one device has behind it. */
export interface Standing {
  device: PublicKey;
  /** Work since its last confirmed failure, in microseconds. */
  work: number;
}

/** Devices seen since the start, those with the least behind them first: they are checked most. */
export const listStandings = ({ standings }: Verifier): Standing[] =>
  [...standings]
    .map(([device, work]): Standing => ({ device, work }))
    .sort((a, b) => a.work - b.work);

/** Units waiting for a verdict. Shards not drawn yet count as one each. */
export function heldUnits({ queue, arrivals, exitChecks }: Verifier): number {
  return queue.reduce((sum, { units }) => sum + units.length, arrivals.length + exitChecks.length);
}
