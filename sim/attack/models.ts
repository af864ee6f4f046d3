import {
  badShare,
  boundOf,
  deliveredShare,
  heldShare,
  marginOf,
  profitOf,
  releasedShare,
  type Tally,
} from './expectation.ts';
import { COLLUSION, GOAL } from './goal.ts';
import { OURS } from './rules.ts';
import { type Aim, findWorst, type Searched, sieve } from './search.ts';
import { honestWork, type Models, paidFrom, type Strategy } from './strategy.ts';
import { HOLDBACK } from './terms.ts';
import { costOf, ONE_COST, overheadOf, type Share } from './volunteers.ts';

/** What a unit costs in each of the models of the study, in C. */
const COSTS = [0.001, 0.01, 0.1, 1, 3] as const;
/** Units of each model at equal work, and work of each at equal units. */
const ALIKE: readonly Share[] = COSTS.map((cost) => ({ cost, part: 1 / COSTS.length }));
const MEAN_COST = COSTS.reduce((sum, cost) => sum + cost / COSTS.length, 0);
const ALIKE_UNITS = COSTS.map((cost) => ({ cost, part: cost / COSTS.length / MEAN_COST }));

/** The worst found for identities that earn on one model and cheat on another, or on both. */
export interface PairRow extends Models {
  /** Of work. */
  released: number;
  delivered: number;
  /** Of units, where honest people compute as many units of each model. */
  unitsReleased: number;
  unitsDelivered: number;
  /** Where honest people do as much work on each model. */
  overhead: number;
  margin: number;
  profit: number;
  strategies: Record<'released' | 'delivered', Strategy>;
}

export const measurePairs = (): PairRow[] =>
  COSTS.flatMap((earn) =>
    COSTS.flatMap((cheat) => [
      judgePair({ earn, cheat }),
      ...(earn < cheat ? [judgePair({ earn, cheat, mixed: true })] : []),
    ]),
  );

function judgePair(models: Models): PairRow {
  const { power, fraction, life } = GOAL;
  const terms = { rule: OURS, power, holdback: HOLDBACK };
  const searched = sieve(terms, models);
  const spared = sieve({ ...terms, power: power * (1 - COLLUSION) }, models);
  const held = (tally: Tally): number => heldShare(OURS, fraction, tally);
  /** The same of units: others compute 1 ÷ MEAN_COST of them for each C of work. */
  const units = (tally: Tally, bad: number): number =>
    badShare(held(tally), (bad / tally.work) * MEAN_COST);
  const honest = costOf(OURS, life, ALIKE);
  const worst = (aim: Aim, from: Searched = searched): number => findWorst(from, aim, 1).worth;
  const released = findWorst(searched, (tally) => releasedShare(held(tally), tally), 1);
  const delivered = findWorst(searched, (tally) => deliveredShare(held(tally), tally), 1);
  return {
    ...models,
    strategies: { released: released.strategy, delivered: delivered.strategy },
    released: released.worth,
    delivered: delivered.worth,
    unitsReleased: worst((tally) => units(tally, tally.unitsReleased)),
    unitsDelivered: worst((tally) => units(tally, tally.unitsDelivered)),
    overhead: worst((tally) => overheadOf(honest, held(tally), tally).total),
    margin: -worst(marginAim(models), spared),
    profit: Number(worst(profitOf, spared).toFixed(9)),
  };
}

/** The lowest margin of those who begin to cheat when their units are paid. */
export const marginAim =
  (models: Models): Aim =>
  (tally, strategy) =>
    honestWork(strategy, models) >= paidFrom(OURS, models) ? -marginOf(tally) : Number.NaN;

/** What a grid pays whose work is mixed otherwise; honest people each do as much as the goal says. */
export interface MixRow {
  name: string;
  /** Executions beside the work, with nobody bad. */
  honest: number;
  /** With the adversary that costs most: beside all work, and beside that of others alone. */
  total: number;
  others: number;
}

const MIXES: [string, readonly Share[]][] = [
  ['all units of C', ONE_COST],
  ['five models, as much work of each', ALIKE],
  ['five models, as many units of each', ALIKE_UNITS],
  ['all units of C ÷ 10', [{ cost: 0.1, part: 1 }]],
  ['all units of 3 C', [{ cost: 3, part: 1 }]],
  ['all units of 10 C', [{ cost: 10, part: 1 }]],
];

export function measureMixes(): MixRow[] {
  const searched = sieve({ rule: OURS, power: GOAL.power, holdback: HOLDBACK });
  return MIXES.map(([name, mix]) => {
    const cost = costOf(OURS, GOAL.life, mix);
    const over = (tally: Tally) => overheadOf(cost, heldShare(OURS, GOAL.fraction, tally), tally);
    return {
      name,
      honest: cost.draws + cost.exit,
      total: findWorst(searched, (tally) => over(tally).total, 1).worth,
      others: findWorst(searched, (tally) => over(tally).others, 1).worth,
    };
  });
}

/** All damage aimed at one model, which has this part of the grid's work. */
export interface AimedRow {
  part: number;
  released: number;
  delivered: number;
}

/** From the worst shares over the whole grid. */
export const measureAimed = ({ released, delivered }: Omit<AimedRow, 'part'>): AimedRow[] =>
  [1, 0.5, 0.1, 0.01].map((part) => {
    const within = (share: number): number => share / (share + part * (1 - share));
    return { part, released: within(released), delivered: within(delivered) };
  });

/** What honest people cost whose work is spread over models, if trust were counted for each. */
export interface ApartRow {
  models: number;
  together: number;
  apart: number;
}

export const measureApart = (): ApartRow[] =>
  [1, 2, 5, 10, 50].map((models) => {
    const sum = (life: number): number => {
      const { draws, exit } = costOf(OURS, life);
      return draws + exit;
    };
    return { models, together: sum(GOAL.life), apart: sum(GOAL.life / models) };
  });

/** The closed bound on bad work that others asked for, when the adversary offers this share. */
export const boundOfOthers = (fraction: number): number =>
  boundOf(OURS, GOAL.power) / (1 - fraction);
