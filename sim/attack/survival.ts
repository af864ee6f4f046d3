import { type Books, openBooks } from './books.ts';
import { ageAt, rateAt, tabulate } from './rules.ts';
import type { Plan, Stretch } from './strategy.ts';
import type { Terms } from './terms.ts';

/** A stretch of right units, or one unit that may be bad, in the life of an identity. */
export interface Step extends Stretch {
  /** Its work before and after, in C. */
  from: number;
  to: number;
  /** Chance that it gets there, and that it gets past it. */
  before: number;
  after: number;
  /** Of the work before: see `Books`. */
  held: number;
  trial: number;
}

/** How far an identity gets. */
export interface Survival {
  steps: readonly Step[];
  /** Where the steps end. */
  end: Books & { alive: number };
  /** How many steps come before the round. */
  head: number;
  /** Chance of getting through a round. */
  factor: number;
  /** Chance that all units pass which begin before this work. */
  alive(work: number): number;
  /** Its integral from 0. */
  area(work: number): number;
}

/** Past this chance of being alive nothing that an identity does is counted. */
const GONE = 1e-16;
/** What sums of costs may differ by. */
const GRAIN = 1e-9;

/** Lays out the head and one round, unit by unit where units are bad. */
export function surviveBy(terms: Terms, { head, round }: Plan): Survival {
  const walk = openWalk(terms);
  for (const stretch of head) walk.add(stretch);
  const count = walk.steps.length;
  for (const stretch of round) walk.add(stretch);
  const { steps, books } = walk;
  return { steps, head: count, end: { ...books, alive: walk.alive() }, ...measure(steps, count) };
}

function openWalk(terms: Terms) {
  const table = tabulate(terms.rule);
  const steps: Step[] = [];
  const { books, add: note } = openBooks(terms);
  let alive = 1;
  const push = ({ cost, units, rate }: Stretch): void => {
    const age = ageAt(books.work, cost);
    const [before, from] = [alive, books.work];
    const { held, trial } = books;
    if (rate > 0) alive *= 1 - rate * rateAt(table, age) * terms.power;
    note(cost, units);
    steps.push({ cost, units, rate, from, to: books.work, before, after: alive, held, trial });
  };
  const add = (stretch: Stretch): void => {
    const each = stretch.rate === 0 ? stretch.units : 1;
    for (let done = 0; done < stretch.units && alive > GONE; done += each)
      push({ ...stretch, units: each });
  };
  return { steps, books, add, alive: () => alive };
}

/** Survival at any work: past the round laid out, as there times the factor. */
function measure(steps: readonly Step[], head: number) {
  const [start, last] = [steps[head], steps.at(-1)];
  const begin = start?.from ?? last?.to ?? 0;
  const period = start === undefined ? 0 : (last?.to ?? 0) - begin;
  const factor = start === undefined ? 1 : (last?.after ?? 0) / start.before;
  const areas = new Float64Array(steps.length + 1);
  for (const [at, { from, to, after }] of steps.entries())
    areas[at + 1] = (areas[at] ?? 0) + (to - from) * after;
  /** The step within which this work lies; at an edge, the earlier one. */
  const find = (work: number): number => {
    let [low, high] = [0, steps.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((steps[middle]?.to ?? 0) < work - GRAIN) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  /** Whole rounds before this work, past the one laid out. */
  const roundsTo = (work: number): number =>
    period === 0 ? 0 : Math.max(0, Math.ceil((work - GRAIN - begin) / period) - 1);
  const areaTo = (work: number): number => {
    const at = find(work);
    const step = steps[at];
    return (areas[at] ?? 0) + (step === undefined ? 0 : (work - step.from) * step.after);
  };
  const whole = areaTo(begin);
  const each = (areas[steps.length] ?? 0) - whole;
  return {
    factor,
    alive: (work: number): number => {
      const rounds = roundsTo(work);
      const step = steps[find(work - rounds * period)];
      return work <= GRAIN ? 1 : (step?.after ?? 0) * factor ** rounds;
    },
    area: (work: number): number => {
      const rounds = roundsTo(work);
      if (rounds === 0) return areaTo(work);
      const passed = factor ** rounds;
      const within = areaTo(work - rounds * period) - whole;
      return whole + (each * (1 - passed)) / (1 - factor) + passed * within;
    },
  };
}
