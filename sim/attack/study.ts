import type { AttackRow } from './attack-row.ts';
import { openChance } from './chance.ts';
import { type CostRow, measureCost } from './cost.ts';
import { HOLDBACK } from './expectation.ts';
import { measureTargets, type TargetRow } from './families/targets.ts';
import {
  type ExpulsionRow,
  measureAttacks,
  measureBoinc,
  measureExpulsion,
  measureProfit,
  measureWorst,
  openStreams,
  type ProfitRow,
  type Run,
  type WorstRow,
} from './figures.ts';
import { GOAL, POWERS } from './goal.ts';
import {
  type ArmyRow,
  measureArmy,
  measurePackages,
  measurePlaces,
  measureYoung,
  type PackagesRow,
  type PlacesRow,
  type YoungRow,
} from './newcomers.ts';
import { measureRemedies, type RemedyRow } from './remedies.ts';
import { FLAT, FREE, OURS } from './rules.ts';

/** Everything the command prints and writes. */
export interface Study {
  seeds: readonly number[];
  units: number;
  worst: WorstRow[];
  profit: ProfitRow[];
  cost: CostRow[];
  expulsion: ExpulsionRow[];
  attacks: AttackRow[];
  targets: TargetRow[];
  young: YoungRow[];
  places: PlacesRow[];
  packages: PackagesRow[];
  army: ArmyRow[];
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
  const { seeds, units } = run;
  run.say('searching and playing the worst strategies');
  const worst = [
    ...measureWorst(run, { rule: OURS, powers: POWERS }, streams),
    ...measureWorst(run, { rule: FREE, powers: POWERS }, streams),
    ...measureWorst(run, { rule: FLAT, powers: [GOAL.power] }, streams),
    ...measureBoinc(run, streams),
  ];
  run.say('profit, cost and wrongful expulsion');
  const profit = measureProfit();
  const cost = measureCost({ open: () => streams.open(seeds[0] ?? 1) });
  const expulsion = measureExpulsion(run, cost, streams);
  run.say('the other attacks');
  const attacks = measureAttacks(run);
  const targets = measureTargets({ seeds, units, open: openChance });
  run.say('newcomers, and other settings');
  const newcomers = {
    young: measureYoung(),
    places: measurePlaces(),
    packages: measurePackages(),
    army: measureArmy(),
  };
  const remedies = measureRemedies();
  const goals = judgeGoals({ worst, profit, cost, expulsion });
  const main = { seeds, units, worst, profit, cost, expulsion, attacks, targets };
  return { ...main, ...newcomers, remedies, goals };
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
  const paying = profit.filter((row) => row.power === GOAL.power && row.holdback === HOLDBACK);
  const margin = Math.min(...paying.map((each) => each.margin));
  return [
    atMost('released', 'bad among released units', {
      value: Math.max(released.computed, released.played - 2 * released.error),
      limit: 1e-3,
    }),
    atMost('delivered', 'bad among units delivered at once', {
      value: Math.max(delivered.computed, delivered.played - 2 * delivered.error),
      limit: 3e-3,
    }),
    atMost(
      'overhead',
      'forward passes for each released unit, lives of 50 k units, the adversary that costs most',
      {
        value: paid?.total ?? Number.NaN,
        limit: 0.05,
      },
    ),
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
      value: Math.max(...paying.map((each) => each.profit)),
      limit: 0,
    }),
  ];
}

/** Whether every goal is met and nothing that is built let an attack pass its bound. */
export const isWhole = ({ goals, attacks }: Study): boolean =>
  goals.every(({ met }) => met) && attacks.every(({ built, pass }) => pass || !built);
