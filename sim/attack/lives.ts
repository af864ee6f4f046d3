import { type Books, openBooks } from './books.ts';
import type { Chance } from './chance.ts';
import { emptyTally, type Tally } from './expectation.ts';
import { ageAt, exitRateAt, isDrawn, type Rule, rateAt, sumTo, tabulate } from './rules.ts';
import {
  type Models,
  ONE_MODEL,
  openPlan,
  type Plan,
  placesOf,
  type Strategy,
  type Stretch,
} from './strategy.ts';
import type { Terms } from './terms.ts';

/** Where lives are shorter than this, as many are played as if they were not. */
const WORK_EACH = 20;

interface Run {
  chance: Chance;
  total: Tally;
}

/**
 * Plays identities one after the other until they have computed `work`, or are many: each bad unit is drawn
 * against the threshold of its n, one that is drawn is found with probability d, and a find voids
 * what is not released and ends the identity. Right units cannot be found bad: of their checks only
 * the cost counts, as it is expected.
 */
export function playLives(
  terms: Terms,
  strategy: Strategy,
  { work, chance, models = ONE_MODEL }: { work: number; chance: Chance; models?: Models },
): Tally {
  const total = emptyTally();
  const plan = openPlan(strategy, models, tabulate(terms.rule).knee);
  const places = placesOf(plan);
  const lives = work / WORK_EACH;
  while (total.work < work && total.lives < lives) {
    total.lives += 1;
    total.places += places;
    playLife(terms, plan, { chance, total });
  }
  return total;
}

/** Units that stand until a failure: right ones together, each bad one by itself. */
interface Passed {
  cost: number;
  units: number;
  from: number;
  bad: boolean;
  /** Its own draw took it. */
  drawn: boolean;
}

function playLife(terms: Terms, plan: Plan, { chance, total }: Run): void {
  const { rule, power } = terms;
  const table = tabulate(rule);
  const { books, add } = openBooks(terms);
  const passed: Passed[] = [];
  for (const { cost, units, bad } of unitsOf(plan, chance)) {
    const age = ageAt(books.work, cost);
    const drawn = bad && isDrawn(table, age, chance.word);
    total.work += cost * units;
    total.runs += cost * (drawn ? 1 : bad ? 0 : sumOver(table.runsSum, age, units));
    if (bad) total.bad += cost;
    if (drawn && chance.next() < power) {
      total.runs += cost;
      total.forfeited += cost + books.held;
      total.unpaid += Math.min(books.trial, books.work - books.held);
      for (const each of passed) addReleased(each, releasedOf(rule, each, books.work), total);
      return;
    }
    if (bad) {
      total.badDelivered += cost;
      total.unitsDelivered += 1;
    }
    passed.push({ cost, units, from: books.work, bad, drawn });
    add(cost, units);
  }
  leave(terms, { books, passed }, { chance, total });
}

/** Right units together, as far as chance leaves them so, and bad ones one by one. */
function* unitsOf({ head, round }: Plan, { next }: Chance) {
  function* apart({ cost, units, rate }: Stretch) {
    for (let left = units; left > 0; left -= 1) {
      const until = rate === 1 ? 0 : Math.floor(Math.log1p(-next()) / Math.log1p(-rate));
      const right = rate === 0 ? left : Math.min(left, until);
      if (right > 0) yield { cost, units: right, bad: false };
      left -= right;
      if (left > 0) yield { cost, units: 1, bad: true };
    }
  }
  for (const stretch of head) yield* apart(stretch);
  const [first, ...rest] = round;
  if (first === undefined) return;
  if (rest.length === 0) yield* apart({ ...first, units: Infinity });
  for (;;) for (const stretch of round) yield* apart(stretch);
}

/** The sum of a rate over units from the `age`-th on. */
const sumOver = (sums: Float64Array, age: number, units: number): number =>
  sumTo(sums, age - 1 + units) - sumTo(sums, age - 1);

/** Of units, how many have enough later work behind them when this much is done. */
const releasedOf = ({ lagUnits }: Rule, { cost, units, from }: Passed, upTo: number): number =>
  Math.max(0, Math.min(units, Math.floor((upTo - from) / cost - lagUnits + 1e-9)));

function addReleased({ cost, bad }: Passed, units: number, total: Tally): void {
  total.released += cost * units;
  if (!bad) return;
  total.badReleased += cost * units;
  total.unitsReleased += units;
}

/** The exit check: the draws of what is not released are widened. */
function leave(
  { rule, power }: Terms,
  { books: { work, held, trial }, passed }: { books: Books; passed: Passed[] },
  { chance, total }: Run,
): void {
  const table = tabulate(rule);
  let found = false;
  for (const each of passed) {
    const { cost, units, from, bad, drawn } = each;
    const waiting = units - releasedOf(rule, each, work);
    const end = ageAt(from, cost) + units;
    if (!bad) total.runs += cost * sumOver(table.exitSum, end - waiting, waiting);
    const again = bad && !drawn && waiting > 0;
    if (!again || chance.next() >= exitRateAt(rule, rateAt(table, end - 1))) continue;
    total.runs += cost;
    if (chance.next() < power) found = true;
  }
  // A failure is confirmed by a second run, of a unit of the last burst.
  if (found) {
    total.runs += passed.findLast(({ bad }) => bad)?.cost ?? 0;
    total.forfeited += held;
  }
  total.unpaid += found ? Math.min(trial, work - held) : trial;
  for (const each of passed)
    addReleased(each, found ? releasedOf(rule, each, work) : each.units, total);
}
