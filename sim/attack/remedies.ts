import { findDearest } from './cost.ts';
import { deliveredShare, heldShare, releasedShare, type Tally } from './expectation.ts';
import { GOAL } from './goal.ts';
import { FREE, OURS, type Rule, sharedRule, trustRule } from './rules.ts';
import { findWorst, sieve } from './search.ts';
import { HOLDBACK } from './terms.ts';
import { costOf, overheadOf } from './volunteers.ts';

/**
 * One other setting, judged like ours: the worst found at f = 30 %, d = 0.999, lives of 50 k units.
 */
export interface RemedyRow {
  name: string;
  released: number;
  delivered: number;
  /** Forward passes for each released unit, with the adversary that costs most. */
  overhead: number;
  /** Without an adversary. */
  overheadHonest: number;
}

/** T, p_min in parts per million, W, and units for each new identity. */
const OTHERS = [
  [250, 20_000, 2_000, 0],
  [75, 20_000, 10_000, 0],
  [100, 20_000, 2_000, 50_000],
  [100, 20_000, 2_000, 75_000],
  [75, 20_000, 2_000, 50_000],
  [75, 20_000, 2_000, 150_000],
  [50, 20_000, 2_000, 75_000],
  [50, 25_000, 2_000, 60_000],
  [20, 30_000, 1_000, 50_000],
  [20, 40_000, 1_000, 37_500],
] as const;

const SETTINGS: readonly Rule[] = [
  OURS,
  FREE,
  ...OTHERS.map(([trustUnits, floorPpm, lagUnits, unitsEach]) =>
    trustRule(trustUnits, floorPpm, { lagUnits, unitsEach }),
  ),
  sharedRule(3),
  sharedRule(3, 50),
];

export const measureRemedies = (): RemedyRow[] => SETTINGS.map(judgeSetting);

function judgeSetting(rule: Rule): RemedyRow {
  const { fraction, power, life } = GOAL;
  const searched = sieve({ rule, power, holdback: HOLDBACK });
  const held = (tally: Tally): number => heldShare(rule, fraction, tally);
  const dearest = findDearest(rule, life, fraction);
  const cost = costOf(rule, life);
  return {
    name: rule.name,
    released: findWorst(searched, (tally) => releasedShare(held(tally), tally), 1).worth,
    delivered: findWorst(searched, (tally) => deliveredShare(held(tally), tally), 1).worth,
    overhead: overheadOf(cost, dearest.held, dearest.tally).total,
    overheadHonest: overheadOf(cost, 0, dearest.tally).total,
  };
}

/** Whether this setting meets the goals for released, delivered and overhead together. */
export const isEnough = ({ released, delivered, overhead }: RemedyRow): boolean =>
  released <= 1e-3 && delivered <= 3e-3 && overhead <= 0.05;
