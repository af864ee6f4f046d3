/**
 * What one identity of the adversary does: `honest` right units, then again and again a burst of
 * `burst` units, each bad with probability `rate`, and `gap` right ones. Caught, it comes back under
 * a new name. `burst: 1, gap: 0` is the steady cheat of reference/verification.md §2.6.
 */
export interface Strategy {
  honest: number;
  rate: number;
  burst: number;
  gap: number;
  /** Bursts after which it leaves by itself, through the exit audit; Infinity: only when caught. */
  bursts: number;
}

/** Units of an identity that leaves by itself; Infinity for one that stays. */
export const lifeOf = ({ honest, burst, gap, bursts }: Strategy): number =>
  honest + bursts * (burst + gap);

/** Chance that the unit of this age is bad. */
export function badRate(strategy: Strategy, age: number): number {
  const since = age - strategy.honest - 1;
  if (since < 0) return 0;
  return since % (strategy.burst + strategy.gap) < strategy.burst ? strategy.rate : 0;
}

export function describeStrategy({ honest, rate, burst, gap, bursts }: Strategy): string {
  const bad = rate === 1 ? '' : `, each bad with ${Number((rate * 100).toPrecision(3))} %`;
  const end = Number.isFinite(bursts) ? `leaves after ${bursts}` : 'until caught';
  if (gap === 0 && !Number.isFinite(bursts))
    return rate === 1
      ? `${honest} right, then all bad until caught`
      : `${honest} right, then bad at ${Number((rate * 100).toPrecision(3))} % until caught`;
  return `${honest} right, bursts of ${burst} bad${bad}, ${gap} right between; ${end}`;
}
