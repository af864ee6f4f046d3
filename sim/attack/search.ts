import { type Chance, openChance } from './chance.ts';
import { expectTally, type Tally } from './expectation.ts';
import { tabulate } from './rules.ts';
import { type Models, ONE_MODEL, paidFrom, type Strategy } from './strategy.ts';
import type { Terms } from './terms.ts';

/** What a strategy is worth to the adversary; the search looks for the greatest. */
export type Aim = (tally: Tally, strategy: Strategy) => number;

export interface Found {
  strategy: Strategy;
  tally: Tally;
  worth: number;
}

const STAYS = Infinity;
/** Longest honest run, burst and gap that are tried. */
const AGE_MAX = 300_000;
const REFINE_ROUNDS = 5;
const REFINE_TRIES = 100;

/** The first sieve: steady cheats, bursts, and identities that leave by themselves. */
function gridOf({ rule }: Terms, models: Models): Strategy[] {
  const { knee } = tabulate(rule);
  const lag = rule.lagUnits;
  const trust = rule.policy.type === 'trust' ? rule.policy.trustUnits : 0;
  const paid = paidFrom(rule, models) / models.cheat;
  const runs = [0, trust, 2 * trust, 5 * trust, knee / 4, knee / 2, knee, 1.5 * knee, 3 * knee];
  const honest = [...runs, paid, paid + knee];
  const rates = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.0005];
  const steady = { burst: 1, gap: 0, bursts: STAYS, grown: 0 };
  const strategies = [...new Set(honest.map(Math.round))].flatMap((run): Strategy[] => [
    ...rates.map((rate) => ({ ...steady, honest: run, rate })),
    ...[1, 2, 5, 10, 20, 35, 60, 100].flatMap((burst) => [
      ...[10, 100, 0.25 * lag, 0.5 * lag, lag, 2 * lag]
        .filter((gap) => gap > 0)
        .flatMap((gap) => [
          { honest: run, rate: 1, burst, gap, bursts: STAYS, grown: 0 },
          { honest: run, rate: 1, burst, gap, bursts: STAYS, grown: knee },
          { honest: run, rate: 1, burst, gap, bursts: 2, grown: 0 },
        ]),
      { honest: run, rate: 1, burst, gap: 0, bursts: 1, grown: 0 },
      { honest: run, rate: 1, burst, gap: lag, bursts: 1, grown: 0 },
    ]),
  ]);
  // Right units of a dear model are few: strategies that round to the same are one.
  const { earn, cheat } = models;
  const ratio = Math.max(1, earn / cheat);
  const whole = (units: number): number =>
    Math.max(Math.sign(units), Math.round(units / ratio)) * ratio;
  const rounded = strategies.map((each) =>
    ratio === 1 ? each : { ...each, honest: whole(each.honest), gap: whole(each.gap) },
  );
  return [...new Map(rounded.map((each) => [JSON.stringify(each), each])).values()];
}

export interface Searched {
  tallies: readonly Found[];
  terms: Terms;
  models: Models;
}

const sieved = new Map<string, Searched>();

/**
 * Evaluates the grid once for the same terms; every aim then picks from it. What one identity does
 * is the same whatever others may begin.
 */
export function sieve(terms: Terms, models = ONE_MODEL): Searched {
  const rule = { ...terms.rule, name: '', unitsEach: 0 };
  const { holdback } = terms;
  const name = JSON.stringify([{ ...terms, rule }, String(holdback.capUnits), models]);
  const searched = sieved.get(name) ?? evaluate(terms, models);
  sieved.set(name, searched);
  return searched;
}

function evaluate(terms: Terms, models: Models): Searched {
  const tallies = gridOf(terms, models).map((strategy) => ({
    strategy,
    tally: expectTally(terms, strategy, models),
    worth: Number.NaN,
  }));
  return { terms, models, tallies };
}

/**
 * The strategy of the greatest worth: the best few of the grid, each refined by seeded steps that
 * shrink. Deterministic for a seed; expectations are exact, so no chance decides a comparison.
 */
export function findWorst({ tallies, ...searched }: Searched, aim: Aim, seed: number): Found {
  const ranked = tallies
    .map((each) => ({ ...each, worth: aim(each.tally, each.strategy) }))
    .filter(({ worth }) => !Number.isNaN(worth))
    .sort((a, b) => b.worth - a.worth);
  const chance = openChance(seed, 0x5ea7c4);
  const starts = ranked.slice(0, 3).map((start) => refine({ ...searched, aim, chance }, start));
  const best = starts.sort((a, b) => b.worth - a.worth)[0];
  if (best === undefined) throw new Error('the grid holds no strategy this aim can judge');
  return best;
}

function refine(
  { terms, models, aim, chance }: Omit<Searched, 'tallies'> & { aim: Aim; chance: Chance },
  start: Found,
): Found {
  let best = start;
  for (let round = 0; round < REFINE_ROUNDS; round += 1) {
    const spread = 0.5 ** round;
    for (let attempt = 0; attempt < REFINE_TRIES / REFINE_ROUNDS; attempt += 1) {
      const strategy = jitter(best.strategy, spread, chance);
      const tally = expectTally(terms, strategy, models);
      const worth = aim(tally, strategy);
      if (worth > best.worth) best = { strategy, tally, worth };
    }
  }
  return best;
}

/** Moves each setting by a factor around 1, whole numbers by at least one step. */
function jitter(strategy: Strategy, spread: number, { next }: Chance): Strategy {
  const factor = (): number => Math.exp((next() * 2 - 1) * spread);
  const step = (value: number, least: number): number =>
    Math.min(AGE_MAX, Math.max(least, Math.round(value * factor() + next() * 2 - 1)));
  const steady = strategy.gap === 0 && strategy.bursts === STAYS;
  return {
    honest: step(strategy.honest, 0),
    rate: strategy.rate === 1 ? 1 : Math.min(1, strategy.rate * factor()),
    burst: steady ? 1 : step(strategy.burst, 1),
    gap: steady ? 0 : step(strategy.gap, strategy.bursts === STAYS ? 1 : 0),
    bursts: strategy.bursts,
    grown: strategy.grown === 0 ? 0 : step(strategy.grown, 1),
  };
}
