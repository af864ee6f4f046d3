import type { AttackRow, AttackRun } from './attack-row.ts';
import { findWorstBoinc, playBoinc } from './boinc.ts';
import { type Chance, openChance } from './chance.ts';
import type { CostRow } from './cost.ts';
import {
  addTally,
  deliveredShare,
  emptyTally,
  expectTally,
  heldShare,
  profitOf,
  releasedShare,
  type Tally,
} from './expectation.ts';
import { attackCopies } from './families/copies.ts';
import { attackFloods } from './families/floods.ts';
import { attackIdentities } from './families/identities.ts';
import { attackModels } from './families/models.ts';
import { attackTargets } from './families/targets.ts';
import { attackVerifiers } from './families/verifiers.ts';
import { COLLUSION, FRACTIONS, GOAL, POWERS } from './goal.ts';
import { playLives } from './lives.ts';
import { marginAim, type PairRow } from './models.ts';
import { OURS, type Rule } from './rules.ts';
import { findWorst, sieve } from './search.ts';
import { describeStrategy, ONE_MODEL, type Strategy } from './strategy.ts';
import { costWords } from './table.ts';
import { HOLDBACK, holdbackOf, type Terms } from './terms.ts';
import { climbHonest, FAULTS } from './volunteers.ts';

/** The worst that a search found for one rule, d and f; computed exactly, then played. */
export interface WorstRow {
  rule: string;
  power: number;
  /** What the adversary offers; it holds `held` of the accepted units. */
  fraction: number;
  held: number;
  measure: 'released' | 'delivered';
  /** Absent where it is in words: BOINC's has no age, and one on two models names them. */
  strategy: Strategy | undefined;
  words: string;
  computed: number;
  /** Over all seeds, and the standard error of that from seed to seed. */
  played: number;
  error: number;
}

export interface ProfitRow {
  power: number;
  /** Where it is what the policy holds back, or what this power would need. */
  ppm: number;
  margin: number;
  marginStrategy: Strategy;
  profit: number;
  profitStrategy: Strategy;
}

export interface ExpulsionRow {
  life: number;
  checks: number;
  expelled: number;
}

export interface Run {
  seeds: readonly number[];
  /** Work played for each figure, over all seeds, in C. */
  units: number;
  say(line: string): void;
}

const share = { released: releasedShare, delivered: deliveredShare } as const;
/** The name of our rule where models are several. */
export const PAIRS = 'ours, two models';
const MEASURES = ['released', 'delivered'] as const;

/** A source of chance for each use, so that no figure's draws shift another's. */
export function openStreams(): { open(seed: number): Chance } {
  let stream = 1_000;
  return {
    open: (seed) => {
      stream += 1;
      return openChance(seed, stream);
    },
  };
}
type Streams = ReturnType<typeof openStreams>;

/** One tally for each seed. */
const playSeeds = (run: Run, play: (units: number, seed: number) => Tally): Tally[] =>
  run.seeds.map((seed) => play(run.units / run.seeds.length, seed));

/** A figure over all seeds, and its standard error from seed to seed. */
function summarise(
  tallies: readonly Tally[],
  value: (tally: Tally) => number,
): { played: number; error: number } {
  const total = emptyTally();
  for (const tally of tallies) addTally(total, tally);
  const each = tallies.map(value);
  const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
  const spread = each.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const error = Math.sqrt(spread / Math.max(1, each.length - 1) / each.length);
  return { played: value(total), error };
}

/** The worst strategies against a rule that knows ages, for every f and measure, by d. */
export function measureWorst(
  run: Run,
  { rule, powers }: { rule: Rule; powers: readonly number[] },
  streams: Streams,
): WorstRow[] {
  return powers.flatMap((power) => {
    const terms: Terms = { rule, power, holdback: HOLDBACK };
    const searched = sieve(terms);
    /** Where names are free, one strategy is the worst for several f. */
    const known = new Map<string, Tally[]>();
    const playOnce = (strategy: Strategy): Tally[] => {
      const name = JSON.stringify(strategy);
      const tallies =
        known.get(name) ??
        playSeeds(run, (units, seed) =>
          playLives(terms, strategy, { work: units, chance: streams.open(seed) }),
        );
      known.set(name, tallies);
      return tallies;
    };
    return MEASURES.flatMap((measure) =>
      FRACTIONS.map((fraction): WorstRow => {
        const held = (tally: Tally): number => heldShare(rule, fraction, tally);
        const value = (tally: Tally): number => share[measure](held(tally), tally);
        const { strategy, tally: found, worth } = findWorst(searched, value, 1);
        const row = { rule: rule.name, power, fraction, held: held(found), measure, words: '' };
        return { ...row, strategy, computed: worth, ...summarise(playOnce(strategy), value) };
      }),
    );
  });
}

/** The worst of all pairs of models, for the goals' f and d. */
export function measureWorstPairs(
  run: Run,
  pairs: readonly PairRow[],
  streams: Streams,
): WorstRow[] {
  const { power, fraction } = GOAL;
  const terms: Terms = { rule: OURS, power, holdback: HOLDBACK };
  return MEASURES.map((measure): WorstRow => {
    const pair = pairs.reduce((a, b) => (b[measure] > a[measure] ? b : a));
    const strategy = pair.strategies[measure];
    const held = (tally: Tally): number => heldShare(OURS, fraction, tally);
    const tallies = playSeeds(run, (work, seed) =>
      playLives(terms, strategy, { work, chance: streams.open(seed), models: pair }),
    );
    const rule = PAIRS;
    const words = `earns at ${costWords(pair.earn)}, cheats at ${costWords(pair.cheat)}: ${describeStrategy(strategy)}`;
    const row = { rule, power, fraction, measure, strategy: undefined, words };
    const holds = held(expectTally(terms, strategy, pair));
    const value = (tally: Tally): number => share[measure](held(tally), tally);
    return { ...row, held: holds, computed: pair[measure], ...summarise(tallies, value) };
  });
}

/** BOINC's rule: its comparator is taken as perfect, and accomplices answer alike. */
export function measureBoinc(run: Run, streams: Streams): WorstRow[] {
  return FRACTIONS.map((fraction): WorstRow => {
    const value = (tally: Tally): number => releasedShare(fraction, tally);
    const search = { units: run.units / 100, accomplice: fraction };
    const first = run.seeds[0] ?? 1;
    const { strategy, worth } = findWorstBoinc(value, {
      ...search,
      open: () => streams.open(first),
    });
    const tallies = playSeeds(run, (units, seed) =>
      playBoinc(strategy, { units, chance: streams.open(seed) }),
    );
    const words = `right until CV = ${strategy.from}, then bad at ${strategy.rate * 100} %`;
    const row = { rule: 'BOINC', power: 1, fraction, held: fraction, measure: 'released' as const };
    return { ...row, strategy: undefined, words, computed: worth, ...summarise(tallies, value) };
  });
}

/**
 * Margin and profit (§2.7) with g = R, v = 0, and a tenth of the checkers sparing the adversary.
 */
export function measureProfit(): ProfitRow[] {
  return POWERS.flatMap((power) => {
    const needed = holdbackOf(OURS, power, COLLUSION);
    return (needed.ppm === HOLDBACK.ppm ? [HOLDBACK] : [HOLDBACK, needed]).map(
      (holdback): ProfitRow => {
        const searched = sieve({ rule: OURS, power: power * (1 - COLLUSION), holdback });
        const lowest = findWorst(searched, marginAim(ONE_MODEL), 7);
        const highest = findWorst(searched, profitOf, 7);
        return {
          power,
          ppm: holdback.ppm,
          margin: -lowest.worth,
          marginStrategy: lowest.strategy,
          // Where everything is lost that was earned, sums differ from 0 in their last bits.
          profit: Number(highest.worth.toFixed(9)),
          profitStrategy: highest.strategy,
        };
      },
    );
  });
}

/** The ladder is played with faults a hundred times as frequent, then scaled: chances multiply. */
export const FAULT_SCALE = 100;

export function measureExpulsion(run: Run, costs: readonly CostRow[], streams: Streams) {
  const { next, word, below } = streams.open(run.seeds[0] ?? 1);
  const often = { first: FAULTS.first * FAULT_SCALE, same: FAULTS.same * FAULT_SCALE };
  const trials = Math.round(run.units / 40);
  let wrong = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    if (climbHonest(often, { next, word, below })) wrong += 1;
  }
  const each = wrong / trials / FAULT_SCALE ** 2;
  return costs
    .filter(({ rule, fraction }) => rule === 'ours' && fraction === 0)
    .map(({ life, draws, exit }): ExpulsionRow => {
      const checks = draws + exit;
      return { life, checks, expelled: checks * each };
    });
}

export function measureAttacks(run: Run, pairs: readonly PairRow[]): AttackRow[] {
  const attack: AttackRun = { seeds: run.seeds, units: run.units, open: openChance };
  const families = [attackCopies, attackTargets, attackIdentities, attackVerifiers, attackFloods];
  const rows = families.flatMap((family) => family(attack));
  return [...rows, ...attackModels(pairs)].sort((a, b) => a.attack - b.attack);
}
