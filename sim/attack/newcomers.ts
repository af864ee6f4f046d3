import { NEWCOMER_POLICY } from '#protocol/checks/check-policy.ts';
import { badShare, deliveredShare, heldShare, releasedShare, type Tally } from './expectation.ts';
import { GOAL } from './goal.ts';
import { OURS, type Rule, rateAt, tabulate } from './rules.ts';
import { findWorst, sieve } from './search.ts';
import { ONE_MODEL } from './strategy.ts';
import { HOLDBACK } from './terms.ts';

const { burst, unitsEach } = NEWCOMER_POLICY;

/** The worst found against ours with other places, at the goals' f and d. */
function worstOf(rule: Rule, models = ONE_MODEL): { released: number; delivered: number } {
  const searched = sieve({ rule, power: GOAL.power, holdback: HOLDBACK }, models);
  const held = (tally: Tally): number => heldShare(rule, GOAL.fraction, tally);
  return {
    released: findWorst(searched, (tally) => releasedShare(held(tally), tally), 1).worth,
    delivered: findWorst(searched, (tally) => deliveredShare(held(tally), tally), 1).worth,
  };
}

/** A young grid, in which the places that are free at once weigh most. */
export interface YoungRow {
  /** In C. */
  work: number;
  /** What the adversary's units cost, in C. */
  cost: number;
  /** Identities that may have begun by then, all of them the adversary's: the first at any cost. */
  identities: number;
  released: number;
  delivered: number;
}

export const measureYoung = (): YoungRow[] =>
  [1, 10, 100].flatMap((cost) =>
    [1e5, 1e6, 1e7, 1e8, 1e9].map((work) => {
      const identities = burst + Math.floor(work / unitsEach / cost);
      const rule = { ...OURS, unitsEach: work / identities / cost };
      return { work, cost, identities, ...worstOf(rule, { earn: cost, cheat: cost }) };
    }),
  );

/** What share of the places the adversary gets, and what is left for others. */
export interface PlacesRow {
  share: number;
  released: number;
  delivered: number;
  /** Units of the grid for each honest newcomer that may begin. */
  honestEach: number;
  /** How long honest volunteers must stay, in units, for their share of the grid to last. */
  stay: number;
}

export const measurePlaces = (): PlacesRow[] =>
  [0.1, 0.3, 0.6, 1].map((share) => ({
    share,
    ...worstOf({ ...OURS, unitsEach: unitsEach / share }),
    honestEach: unitsEach / (1 - share),
    stay: (unitsEach * (1 - GOAL.fraction)) / (1 - share),
  }));

/** Identities aged by right work, all turned at once. */
export interface ArmyRow {
  /** Units the grid has accepted before, and identities that wait. */
  units: number;
  identities: number;
  /**
   * While it lasts, of released or delivered units the bad ones, and how many units the grid
   * accepts.
   */
  during: number;
  strike: number;
  /** Of all since the beginning. */
  overall: number;
  measure: 'released' | 'delivered';
  /** Bad units to a burst; Infinity: until caught. */
  burst: number;
}

/**
 * Every place is taken by the adversary, and every identity is past the knee, as far as f allows.
 */
export function measureArmy(): ArmyRow[] {
  const table = tabulate(OURS);
  const { fraction: f } = GOAL;
  return [1e7, 1e8, 1e9].flatMap((units) => {
    const identities = Math.floor(Math.min(burst + units / unitsEach, (f * units) / table.knee));
    return (['delivered', 'released'] as const).map((measure): ArmyRow => {
      const size = measure === 'delivered' ? Infinity : bestBurst(f);
      const { spent, bad } = strikeOf(size);
      const strike = (identities * spent) / f;
      return {
        units,
        identities,
        measure,
        burst: size,
        strike,
        during: badShare(f, bad / spent),
        overall: (identities * bad) / ((1 - f) * (units + strike) + identities * bad),
      };
    });
  });
}

/**
 * What one identity at the floor does from its first bad unit until it is caught: units computed,
 * and bad ones that count. With bursts, right units follow each until it is released.
 */
function strikeOf(size: number): { spent: number; bad: number } {
  const table = tabulate(OURS);
  const q = rateAt(table, table.knee) * GOAL.power;
  if (size === Infinity) return { spent: 1 / q, bad: (1 - q) / q };
  const passes = (1 - q) ** size;
  return {
    spent: ((1 - passes) / q + passes * OURS.lagUnits) / (1 - passes),
    bad: (size * passes) / (1 - passes),
  };
}

/** The burst that makes most of the released units bad while the strike lasts. */
function bestBurst(f: number): number {
  let best = { size: 1, share: 0 };
  for (let size = 1; size <= 400; size += 1) {
    const { spent, bad } = strikeOf(size);
    const share = badShare(f, bad / spent);
    if (share > best.share) best = { size, share };
  }
  return best.size;
}
