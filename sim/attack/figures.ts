import type { AttackRow, AttackRun } from './attack-row.ts';
import { boincReplicas, findWorstBoinc, playBoinc } from './boinc.ts';
import { type Chance, openChance } from './chance.ts';
import {
  addTally,
  deliveredShare,
  emptyTally,
  holdbackOf,
  marginOf,
  PROBATION_UNITS,
  profitOf,
  releasedShare,
  type Tally,
  type Terms,
} from './expectation.ts';
import { attackCanaries } from './families/canaries.ts';
import { attackCopies } from './families/copies.ts';
import { attackFloods } from './families/floods.ts';
import { attackIdentities } from './families/identities.ts';
import { attackQuorums } from './families/quorums.ts';
import { attackVerifiers } from './families/verifiers.ts';
import { playLives } from './lives.ts';
import { FLAT, OURS, type Rule } from './rules.ts';
import { type Found, findWorst, sieve } from './search.ts';
import type { Strategy } from './strategy.ts';
import { climbHonest, FAULTS, LIFETIMES, playVolunteers } from './volunteers.ts';

/** Shares f of throughput and powers d that are reported. */
export const FRACTIONS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5] as const;
export const POWERS = [0.9, 0.99, 0.999] as const;
/** The adversary and the check of the goals (reference/verification.md §5). */
export const GOAL = { fraction: 0.3, power: 0.999, life: 50_000 } as const;
/** r: share of checkers who spare the adversary, in the question of profit. */
export const COLLUSION = 0.1;

/** The worst that a search found for one rule, d and f; computed exactly, then played. */
export interface WorstRow {
  rule: string;
  power: number;
  fraction: number;
  measure: 'released' | 'delivered';
  /** Absent where a rule has no age: BOINC's is in words. */
  strategy: Strategy | undefined;
  words: string;
  computed: number;
  /** Over all seeds, and the standard error of that from seed to seed. */
  played: number;
  error: number;
}

export interface ProfitRow {
  power: number;
  holdback: number;
  margin: number;
  marginStrategy: Strategy;
  profit: number;
  profitStrategy: Strategy;
}

export interface CostRow {
  rule: string;
  life: number;
  fraction: number;
  /** Forward passes for each released unit. */
  draws: number;
  exit: number;
  canaries: number;
  /** By and about the adversary, playing the worst strategy for released units. */
  adversary: number;
  total: number;
  /** Units computed again because their device was caught, for each released unit; not in `total`. */
  again: number;
}

export interface ExpulsionRow {
  life: number;
  checks: number;
  expelled: number;
}

export interface Run {
  seeds: readonly number[];
  /** Units played for each figure, over all seeds. */
  units: number;
  say(line: string): void;
}

const share = { released: releasedShare, delivered: deliveredShare } as const;
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

function playSeeds(
  run: Run,
  value: (tally: Tally) => number,
  play: (units: number, seed: number) => Tally,
): { played: number; error: number } {
  const total = emptyTally();
  const each = run.seeds.map((seed) => {
    const tally = play(run.units / run.seeds.length, seed);
    addTally(total, tally);
    return value(tally);
  });
  const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
  const spread = each.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const error = Math.sqrt(spread / Math.max(1, each.length - 1) / each.length);
  return { played: value(total), error };
}

/** The worst strategies against a rule that knows ages, for every d, f and measure. */
export function measureWorst(run: Run, rule: Rule, streams: Streams): WorstRow[] {
  return POWERS.flatMap((power) => {
    const terms: Terms = { rule, power, holdback: holdbackOf(rule, power, 0) };
    const searched = sieve(terms);
    return MEASURES.flatMap((measure) =>
      FRACTIONS.map((fraction): WorstRow => {
        const value = (tally: Tally): number => share[measure](fraction, tally);
        const { strategy, worth } = findWorst(searched, value, 1);
        const { played, error } = playSeeds(run, value, (units, seed) =>
          playLives(terms, strategy, { units, chance: streams.open(seed) }),
        );
        const row = { rule: rule.name, power, fraction, measure, words: '' };
        return { ...row, strategy, computed: worth, played, error };
      }),
    );
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
    const { played, error } = playSeeds(run, value, (units, seed) =>
      playBoinc(strategy, { units, chance: streams.open(seed) }),
    );
    const words = `right until CV = ${strategy.from}, then bad at ${strategy.rate * 100} %`;
    const row = { rule: 'BOINC', power: 1, fraction, measure: 'released' as const };
    return { ...row, strategy: undefined, words, computed: worth, played, error };
  });
}

/** Margin and profit (§2.7) with g = R, v = 0, and a tenth of the checkers sparing the adversary. */
export function measureProfit(): ProfitRow[] {
  return POWERS.map((power) => {
    const holdback = holdbackOf(OURS, power, COLLUSION);
    const searched = sieve({ rule: OURS, power: power * (1 - COLLUSION), holdback });
    const lowest = findWorst(
      searched,
      (tally, { honest }) => (honest >= PROBATION_UNITS ? -marginOf(tally) : Number.NaN),
      7,
    );
    const highest = findWorst(searched, profitOf, 7);
    return {
      power,
      holdback,
      margin: -lowest.worth,
      marginStrategy: lowest.strategy,
      profit: highest.worth,
      profitStrategy: highest.strategy,
    };
  });
}

/** Forward passes ÷ released units, with nobody bad and with the adversary of the goals. */
export function measureCost(run: Run, worst: Found, streams: Streams): CostRow[] {
  const { tally } = worst;
  const seed = run.seeds[0] ?? 1;
  const ours = LIFETIMES.flatMap((life) => {
    const units = Math.max(life, run.units / 10);
    const cost = playVolunteers(OURS, life, { units, chance: streams.open(seed) });
    return [0, GOAL.fraction].map((fraction): CostRow => {
      const honest = 1 - fraction;
      const useful = honest + (fraction * tally.released) / tally.units;
      const draws = (honest * cost.draws) / useful;
      const exit = (honest * cost.exit) / useful;
      const canaries = (honest * cost.canaries) / useful;
      const adversary = (fraction * tally.runs) / tally.units / useful;
      const again = (fraction * (1 - tally.released / tally.units)) / useful;
      const total = draws + exit + canaries + adversary;
      return { rule: 'ours', life, fraction, draws, exit, canaries, adversary, total, again };
    });
  });
  const none = { exit: 0, canaries: 0, adversary: 0, again: 0, fraction: 0 };
  const boinc = LIFETIMES.map((life): CostRow => {
    const people = 50;
    const chance = streams.open(seed);
    let draws = 0;
    for (let one = 0; one < people; one += 1) draws += boincReplicas(life, chance) / people;
    return { ...none, rule: 'BOINC', life, draws, total: draws };
  });
  const flat = LIFETIMES.map((life): CostRow => {
    const units = Math.max(life, run.units / 10);
    const { draws, exit } = playVolunteers(FLAT, life, { units, chance: streams.open(seed) });
    return { ...none, rule: FLAT.name, life, draws, exit, total: draws + exit };
  });
  return [...ours, ...flat, ...boinc];
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

export function measureAttacks(run: Run): AttackRow[] {
  const attack: AttackRun = { seeds: run.seeds, units: run.units, open: openChance };
  const families = [
    attackCopies,
    attackQuorums,
    attackIdentities,
    attackCanaries,
    attackVerifiers,
    attackFloods,
  ];
  return families.flatMap((family) => family(attack)).sort((a, b) => a.attack - b.attack);
}
