import type { AttackRow } from './attack-row.ts';
import { openChance } from './chance.ts';
import { type CostRow, measureCost } from './cost.ts';
import { measureTargets, type TargetRow } from './families/targets.ts';
import {
  type ExpulsionRow,
  measureAttacks,
  measureBoinc,
  measureExpulsion,
  measureProfit,
  measureWorst,
  measureWorstPairs,
  openStreams,
  PAIRS,
  type ProfitRow,
  type Run,
  type WorstRow,
} from './figures.ts';
import { GOAL, POWERS } from './goal.ts';
import {
  type AimedRow,
  type ApartRow,
  type MixRow,
  measureAimed,
  measureApart,
  measureMixes,
  measurePairs,
  type PairRow,
} from './models.ts';
import {
  type ArmyRow,
  measureArmy,
  measurePlaces,
  measureYoung,
  type PlacesRow,
  type YoungRow,
} from './newcomers.ts';
import { measureRemedies, type RemedyRow } from './remedies.ts';
import { FLAT, FREE, OURS } from './rules.ts';
import { HOLDBACK } from './terms.ts';

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
  pairs: PairRow[];
  mixes: MixRow[];
  aimed: AimedRow[];
  apart: ApartRow[];
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
  run.say('several models');
  const pairs = measurePairs();
  run.say('searching and playing the worst strategies');
  const worst = [
    ...measureWorst(run, { rule: OURS, powers: POWERS }, streams),
    ...measureWorstPairs(run, pairs, streams),
    ...measureWorst(run, { rule: FREE, powers: POWERS }, streams),
    ...measureWorst(run, { rule: FLAT, powers: [GOAL.power] }, streams),
    ...measureBoinc(run, streams),
  ];
  run.say('profit, cost and wrongful expulsion');
  const profit = measureProfit();
  const cost = measureCost({ open: () => streams.open(seeds[0] ?? 1) });
  const expulsion = measureExpulsion(run, cost, streams);
  run.say('the other attacks');
  const attacks = measureAttacks(run, pairs);
  const targets = measureTargets({ seeds, units, open: openChance });
  run.say('newcomers, and other settings');
  const newcomers = {
    young: measureYoung(),
    places: measurePlaces(),
    army: measureArmy(),
  };
  const remedies = measureRemedies();
  const models = {
    pairs,
    mixes: measureMixes(),
    aimed: measureAimed({
      released: most(pairs, ({ released }) => released),
      delivered: most(pairs, ({ delivered }) => delivered),
    }),
    apart: measureApart(),
  };
  const goals = judgeGoals({ worst, profit, cost, expulsion, pairs });
  const main = { seeds, units, worst, profit, cost, expulsion, attacks, targets };
  return { ...main, ...newcomers, ...models, remedies, goals };
}

/** The worst row of our rule that a goal is about, on one model or two: f = 30 %, d = 0.999. */
export function goalRow(worst: readonly WorstRow[], measure: WorstRow['measure']): WorstRow {
  const rows = worst.filter(
    (each) =>
      (each.rule === OURS.name || each.rule === PAIRS) &&
      each.measure === measure &&
      each.power === GOAL.power &&
      each.fraction === GOAL.fraction,
  );
  return rows.reduce((a, b) => (b.computed > a.computed ? b : a));
}

/** The greatest of a figure over all pairs of models. */
const most = (pairs: readonly PairRow[], pick: (pair: PairRow) => number): number =>
  Math.max(...pairs.map(pick));

/** reference/verification.md §5; computed and played must both meet a goal. */
function judgeGoals(
  study: Pick<Study, 'worst' | 'profit' | 'cost' | 'expulsion' | 'pairs'>,
): GoalRow[] {
  const { worst, profit, cost, expulsion, pairs } = study;
  const paid = cost.find(
    ({ rule, life, fraction }) =>
      rule === OURS.name && life === GOAL.life && fraction === GOAL.fraction,
  );
  const atMost = ([figure, name]: [string, string], limit: number, values: number[]): GoalRow => {
    const value = Math.max(...values);
    return { figure, name, value, limit, least: false, met: value <= limit };
  };
  const shareOf = (measure: WorstRow['measure']): number => {
    const { computed, played, error } = goalRow(worst, measure);
    return Math.max(computed, played - 2 * error);
  };
  const paying = profit.filter(({ power, ppm }) => power === GOAL.power && ppm === HOLDBACK.ppm);
  const margin = Math.min(...[...paying, ...pairs].map((each) => each.margin));
  const units = 'the same, by units';
  return [
    atMost(['released', 'bad among released, by work'], 1e-3, [shareOf('released')]),
    atMost(['released-units', units], 1e-3, [most(pairs, (each) => each.unitsReleased)]),
    atMost(['delivered', 'bad among delivered at once, by work'], 3e-3, [shareOf('delivered')]),
    atMost(['delivered-units', units], 3e-3, [most(pairs, (each) => each.unitsDelivered)]),
    atMost(['overhead', OVERHEAD], 0.05, [paid?.total ?? Number.NaN, most(pairs, overheadOf)]),
    atMost(
      ['expulsion', 'wrongful expulsions for each honest unit, worst lifetime'],
      1e-6,
      expulsion.map(({ expelled }) => expelled),
    ),
    {
      figure: 'margin',
      name: 'pay lost ÷ cost saved, once units are paid',
      value: margin,
      limit: 2,
      least: true,
      met: margin >= 2,
    },
    atMost(
      ['profit', 'highest profit of any strategy, units of pay for each unit of work'],
      0,
      [...paying, ...pairs].map((each) => each.profit),
    ),
  ];
}

const OVERHEAD =
  'work executed again for each released unit of it, lives of 50 k C, the adversary that costs most';
const overheadOf = ({ overhead }: PairRow): number => overhead;

/** Whether every goal is met and nothing that is built let an attack pass its bound. */
export const isWhole = ({ goals, attacks }: Study): boolean =>
  goals.every(({ met }) => met) && attacks.every(({ built, pass }) => pass || !built);
