import { expectedChecks } from '#protocol/check-policy.ts';
import { deliveredShare, holdbackOf, releasedShare, type Tally } from './expectation.ts';
import { GOAL } from './figures.ts';
import { type Rule, trustRule } from './rules.ts';
import { findWorst, sieve } from './search.ts';
import { canaryShare } from './volunteers.ts';

/** One other setting, judged like ours: the worst found at f = 30 %, d = 0.999, lives of 50 k units. */
export interface RemedyRow {
  name: string;
  released: number;
  delivered: number;
  /** Forward passes for each released unit, with the adversary at its worst. */
  overhead: number;
  /** Without an adversary. */
  overheadHonest: number;
}

interface Setting {
  rule: Rule;
  /** New identities that may begin for each unit of the whole grid; Infinity: as many as like. */
  intake: number;
  name: string;
}

const free = (rule: Rule): Setting => ({ rule, intake: Infinity, name: rule.name });
const limited = (rule: Rule, units: number): Setting => ({
  rule,
  intake: 1 / units,
  name: `${rule.name}, one new identity for every ${units.toLocaleString('en')} units`,
});

const NOW = trustRule(100, 20_000, 2_000);
const SETTINGS: readonly Setting[] = [
  free(NOW),
  free(trustRule(100, 20_000, 10_000)),
  free(trustRule(150, 20_000, 4_000)),
  free(trustRule(200, 20_000, 2_000)),
  free(trustRule(250, 20_000, 2_000)),
  free(trustRule(400, 20_000, 2_000)),
  limited(NOW, 20_000),
  limited(NOW, 50_000),
  limited(NOW, 100_000),
];

export const measureRemedies = (): RemedyRow[] => SETTINGS.map(judgeSetting);

function judgeSetting({ rule, intake, name }: Setting): RemedyRow {
  const { fraction, power, life } = GOAL;
  const searched = sieve({ rule, power, holdback: holdbackOf(rule, power, 0) });
  // With a limit the adversary cannot renew its names as fast; it then holds less than f.
  const held = ({ units }: Tally): number => {
    const begun = Math.min(fraction / units, intake);
    return (begun * units) / (1 - fraction + begun * units);
  };
  const released = findWorst(searched, (tally) => releasedShare(held(tally), tally), 1);
  const delivered = findWorst(searched, (tally) => deliveredShare(held(tally), tally), 1);
  const honest =
    expectedChecks(rule.policy, 0, life) / life +
    (rule.exitRate * Math.min(life, rule.lagUnits)) / life +
    canaryShare(life);
  const { tally } = released;
  const f = held(tally);
  const overhead =
    ((1 - f) * honest + (f * tally.runs) / tally.units) /
    (1 - f + (f * tally.released) / tally.units);
  return {
    name,
    released: released.worth,
    delivered: delivered.worth,
    overhead,
    overheadHonest: honest,
  };
}

/** Whether this setting meets the goals for released, delivered and overhead together. */
export const isEnough = ({ released, delivered, overhead }: RemedyRow): boolean =>
  released <= 1e-3 && delivered <= 3e-3 && overhead <= 0.05;
