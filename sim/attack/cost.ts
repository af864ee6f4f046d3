import { boincReplicas } from './boinc.ts';
import type { Chance } from './chance.ts';
import { heldShare, type Tally } from './expectation.ts';
import { GOAL } from './goal.ts';
import { FLAT, FREE, OURS, type Rule, sharedRule } from './rules.ts';
import { type Found, findWorst, sieve } from './search.ts';
import { HOLDBACK } from './terms.ts';
import { costOf, LIFETIMES, overheadOf } from './volunteers.ts';

export interface CostRow {
  rule: string;
  life: number;
  fraction: number;
  /** Forward passes for each released unit. */
  draws: number;
  exit: number;
  /** By and about the adversary, playing what costs most. */
  adversary: number;
  total: number;
  /**
   * Units computed again because their device was caught, for each released unit; not in `total`.
   */
  again: number;
}

/** The strategy that makes the grid pay most for each released unit, beside honest volunteers. */
export function findDearest(rule: Rule, life: number, fraction: number): Found & { held: number } {
  const searched = sieve({ rule, power: GOAL.power, holdback: HOLDBACK });
  const honest = costOf(rule, life);
  const held = (tally: Tally): number => heldShare(rule, fraction, tally);
  const found = findWorst(searched, (tally) => overheadOf(honest, held(tally), tally).total, 3);
  return { ...found, held: held(found.tally) };
}

/** Forward passes ÷ released units, with nobody bad and with the adversary that costs most. */
export function measureCost({ open }: { open: () => Chance }): CostRow[] {
  const row = (rule: Rule, life: number, fraction: number): CostRow => {
    const { tally, held } = findDearest(rule, life, fraction);
    return { rule: rule.name, life, fraction, ...overheadOf(costOf(rule, life), held, tally) };
  };
  const none = { exit: 0, adversary: 0, again: 0, fraction: 0 };
  const boinc = LIFETIMES.map((life): CostRow => {
    const people = 50;
    const chance = open();
    let draws = 0;
    for (let one = 0; one < people; one += 1) draws += boincReplicas(life, chance) / people;
    return { ...none, rule: 'BOINC', life, draws, total: draws };
  });
  const flat = LIFETIMES.map((life): CostRow => {
    const { draws, exit } = costOf(FLAT, life);
    return { ...none, rule: FLAT.name, life, draws, exit, total: draws + exit };
  });
  return [
    ...LIFETIMES.flatMap((life) => [row(OURS, life, 0), row(OURS, life, GOAL.fraction)]),
    row(FREE, GOAL.life, GOAL.fraction),
    ...[2, 3].flatMap((sharers) =>
      [0, GOAL.fraction].map((fraction) => row(sharedRule(sharers), GOAL.life, fraction)),
    ),
    ...flat,
    ...boinc,
  ];
}
