import type { AttackRow } from './attack-row.ts';
import { expectTally, holdbackOf, releasedShare } from './expectation.ts';
import {
  type CostRow,
  type ExpulsionRow,
  GOAL,
  measureAttacks,
  measureBoinc,
  measureCost,
  measureExpulsion,
  measureProfit,
  measureWorst,
  openStreams,
  type ProfitRow,
  type Run,
  type WorstRow,
} from './figures.ts';
import { measureRemedies, type RemedyRow } from './remedies.ts';
import { FLAT, OURS } from './rules.ts';

/** Everything the command prints and writes. */
export interface Study {
  seeds: readonly number[];
  units: number;
  worst: WorstRow[];
  profit: ProfitRow[];
  cost: CostRow[];
  expulsion: ExpulsionRow[];
  attacks: AttackRow[];
  remedies: RemedyRow[];
  goals: GoalRow[];
}

export interface GoalRow {
  figure: string;
  name: string;
  value: number;
  /** The value must lie at or under it, or at or over it for `least`. */
  limit: number;
  least: boolean;
  met: boolean;
}

/** Runs everything; the same seeds and units give the same study. */
export function runStudy(run: Run): Study {
  const streams = openStreams();
  run.say('searching and playing the worst strategies');
  const worst = [
    ...measureWorst(run, OURS, streams),
    ...measureWorst(run, FLAT, streams),
    ...measureBoinc(run, streams),
  ];
  run.say('profit, cost and wrongful expulsion');
  const strategy = goalRow(worst, 'released').strategy;
  if (strategy === undefined) throw new Error('the worst strategy against our rule is one by age');
  const terms = { rule: OURS, power: GOAL.power, holdback: holdbackOf(OURS, GOAL.power, 0) };
  const tally = expectTally(terms, strategy);
  const found = { strategy, tally, worth: releasedShare(GOAL.fraction, tally) };
  const profit = measureProfit();
  const cost = measureCost(run, found, streams);
  const expulsion = measureExpulsion(run, cost, streams);
  run.say('the other attacks');
  const attacks = measureAttacks(run);
  run.say('other settings');
  const remedies = measureRemedies();
  const goals = judgeGoals({ worst, profit, cost, expulsion });
  const { seeds, units } = run;
  return { seeds, units, worst, profit, cost, expulsion, attacks, remedies, goals };
}

/** The row of our rule that a goal is about: f = 30 %, d = 0.999. */
export function goalRow(worst: readonly WorstRow[], measure: WorstRow['measure']): WorstRow {
  const row = worst.find(
    (each) =>
      each.rule === OURS.name &&
      each.measure === measure &&
      each.power === GOAL.power &&
      each.fraction === GOAL.fraction,
  );
  if (row === undefined) throw new Error(`no figure for ${measure} at the goal's f and d`);
  return row;
}

/** reference/verification.md §5; computed and played must both meet a goal. */
function judgeGoals(study: Pick<Study, 'worst' | 'profit' | 'cost' | 'expulsion'>): GoalRow[] {
  const { worst, profit, cost, expulsion } = study;
  const [released, delivered] = [goalRow(worst, 'released'), goalRow(worst, 'delivered')];
  const paid = cost.find(
    ({ rule, life, fraction }) =>
      rule === OURS.name && life === GOAL.life && fraction === GOAL.fraction,
  );
  const atMost = (figure: string, name: string, bounds: { value: number; limit: number }) => ({
    figure,
    name,
    ...bounds,
    least: false,
    met: bounds.value <= bounds.limit,
  });
  const margin = Math.min(...profit.map((each) => each.margin));
  return [
    atMost('released', 'bad among released units', {
      value: Math.max(released.computed, released.played - 2 * released.error),
      limit: 1e-3,
    }),
    atMost('delivered', 'bad among units delivered at once', {
      value: Math.max(delivered.computed, delivered.played - 2 * delivered.error),
      limit: 3e-3,
    }),
    atMost('overhead', 'forward passes for each released unit, lives of 50 k units', {
      value: paid?.total ?? Number.NaN,
      limit: 0.05,
    }),
    atMost('expulsion', 'wrongful expulsions for each honest unit, worst lifetime', {
      value: Math.max(...expulsion.map(({ expelled }) => expelled)),
      limit: 1e-6,
    }),
    {
      figure: 'margin',
      name: 'pay lost ÷ cost saved, at least 100 right units first',
      value: margin,
      limit: 2,
      least: true,
      met: margin >= 2,
    },
    atMost('profit', 'highest profit of any strategy, units of pay for each unit of work', {
      value: Math.max(...profit.map((each) => each.profit)),
      limit: 0,
    }),
  ];
}

/** Whether every goal is met and no attack passed its bound. */
export const isWhole = ({ goals, attacks }: Study): boolean =>
  goals.every(({ met }) => met) && attacks.every(({ pass }) => pass);
