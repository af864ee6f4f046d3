import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { Verifier } from './verifier.ts';

/** What one device has behind it with one package. */
export interface Standing {
  device: PublicKey;
  package: Digest;
  /** Units since its last confirmed failure. */
  units: number;
}

/** Devices seen since the start, those with the least behind them first: they are checked most. */
export const listStandings = ({ standings }: Verifier): Standing[] =>
  [...standings]
    .map(([name, units]): Standing => {
      const [device, id] = name.split('/') as [PublicKey, Digest];
      return { device, package: id, units };
    })
    .sort((a, b) => a.units - b.units);

/** Units waiting for a verdict. Shards not drawn yet count as one each. */
export function heldUnits({ queue, arrivals, exitChecks }: Verifier): number {
  return queue.reduce((sum, { units }) => sum + units.length, arrivals.length + exitChecks.length);
}
