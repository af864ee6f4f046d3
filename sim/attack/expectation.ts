import { ageAt, exitRateAt, type Rule, rateAt, runsAt, sumTo, tabulate } from './rules.ts';
import { ONE_MODEL, openPlan, placesOf, type Strategy } from './strategy.ts';
import { type Step, type Survival, surviveBy } from './survival.ts';
import type { Terms } from './terms.ts';

/**
 * What one identity of the adversary does in its life: expected numbers, or counted ones. Work, in
 * C, where nothing else is said.
 */
export interface Tally {
  /** Identities, and the places they take. */
  lives: number;
  places: number;
  /** What it computes, right and bad. */
  work: number;
  bad: number;
  /** Bad work that its own check did not find, and how many units that is. */
  badDelivered: number;
  unitsDelivered: number;
  badReleased: number;
  unitsReleased: number;
  /** What is released, right and bad. */
  released: number;
  /** Re-executions: draws, exit check, and the second run that confirms a failure. */
  runs: number;
  /** Work whose pay is lost at a failure: the failed unit and what is held back. */
  forfeited: number;
  /** Other work that earns nothing, as an identity's first. */
  unpaid: number;
}

/**
 * The exact expectation over one identity's life, for a rule that knows only its work. Past the
 * knee of the policy every round is the one before times its survival, so the rest is a geometric
 * series. What is held back grows with work; of later rounds only as much is counted as of the
 * first.
 */
export function expectTally(terms: Terms, strategy: Strategy, models = ONE_MODEL): Tally {
  const plan = openPlan(strategy, models, tabulate(terms.rule).knee);
  const survival = surviveBy(terms, plan);
  const exit = plan.round.length > 0 ? undefined : exitCheck(terms, survival);
  const total = { ...emptyTally(), lives: 1, places: placesOf(plan) };
  const later = 1 / (1 - survival.factor);
  for (const [at, step] of survival.steps.entries()) {
    const weight = at < survival.head ? 1 : later;
    if (step.rate === 0) addRight(total, { terms, survival, exit, weight }, step);
    else addBad(total, { terms, survival, exit, weight }, step);
  }
  if (exit !== undefined) addExit(total, survival, exit);
  return total;
}

interface Around {
  terms: Terms;
  survival: Survival;
  exit: Exit | undefined;
  /** How often the step comes, for an identity that gets to it once. */
  weight: number;
}

function addRight(total: Tally, { terms, survival, exit, weight }: Around, step: Step): void {
  const { cost, units, from, to, before } = step;
  const { rule } = terms;
  const { runsSum } = tabulate(rule);
  const lag = rule.lagUnits * cost;
  const age = ageAt(from, cost) - 1;
  total.work += weight * before * cost * units;
  total.runs += weight * before * cost * (sumTo(runsSum, age + units) - sumTo(runsSum, age));
  // Of one that leaves, later work releases what has enough of it; the rest is for the exit check.
  const split = exit === undefined ? to : Math.max(from, Math.min(to, exit.end - lag));
  total.released += weight * (survival.area(split + lag) - survival.area(from + lag));
  if (exit !== undefined) total.released += (to - split) * exit.left * exit.passes;
}

function addBad(total: Tally, { terms, survival, exit, weight }: Around, step: Step): void {
  const { cost, rate, from, to, before, after, held, trial } = step;
  const { rule, power } = terms;
  const table = tabulate(rule);
  const age = ageAt(from, cost);
  const reached = weight * before;
  const lost = reached * rate * rateAt(table, age) * power;
  const passed = reached * rate - lost;
  const leaves = exit !== undefined && to > exit.end - rule.lagUnits * cost;
  /** Of those that get past it, how many live to see it released. */
  const kept = leaves
    ? (exit.left * exit.passes) / after
    : survival.alive(to + rule.lagUnits * cost) / after;
  total.work += reached * cost;
  total.bad += reached * rate * cost;
  total.badDelivered += passed * cost;
  total.unitsDelivered += passed;
  if (after > 0) {
    total.badReleased += passed * kept * cost;
    total.unitsReleased += passed * kept;
    total.released += weight * after * kept * cost;
  }
  total.runs += cost * (reached * runsAt(table, age) + lost);
  total.forfeited += lost * (cost + held);
  total.unpaid += lost * Math.min(trial, from - held);
}

interface Exit {
  /** Work of the life, and the chance to get there. */
  end: number;
  left: number;
  /** Chance that the exit check finds nothing, and its executions. */
  passes: number;
  runs: number;
}

/**
 * The last units of an identity that leaves: their draws are widened to the exit rate. Only for
 * bursts that are all bad. A bad unit that its own draw took and missed is not drawn again.
 */
function exitCheck({ rule, power }: Terms, { steps, end }: Survival): Exit {
  const table = tabulate(rule);
  let [passes, runs] = [1, 0];
  for (const { cost, units, rate, from, to } of steps) {
    const count = Math.min(units, (to - end.work) / cost + rule.lagUnits);
    if (count <= 0) continue;
    const age = ageAt(from, cost) - 1;
    if (rate === 0) {
      const { exitSum } = table;
      runs += cost * (sumTo(exitSum, age + units) - sumTo(exitSum, age + units - count));
      continue;
    }
    if (rate !== 1) throw new RangeError('an exit is computed for bursts that are all bad');
    const usual = rateAt(table, age + 1);
    const drawn = ((1 - usual) / (1 - usual * power)) * exitRateAt(rule, usual);
    runs += cost * drawn;
    passes *= 1 - drawn * power;
  }
  return { end: end.work, left: end.alive, passes, runs };
}

function addExit(total: Tally, { end, steps }: Survival, { left, passes, runs }: Exit): void {
  const found = left * (1 - passes);
  const cost = steps.findLast(({ rate }) => rate > 0)?.cost ?? 0;
  total.runs += left * runs + found * cost;
  total.forfeited += found * end.held;
  total.unpaid += left * passes * end.trial + found * Math.min(end.trial, end.work - end.held);
}

export const emptyTally = (): Tally => ({
  lives: 0,
  places: 0,
  work: 0,
  bad: 0,
  badDelivered: 0,
  unitsDelivered: 0,
  badReleased: 0,
  unitsReleased: 0,
  released: 0,
  runs: 0,
  forfeited: 0,
  unpaid: 0,
});

export function addTally(sum: Tally, one: Tally): void {
  for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += one[key];
}

/**
 * Share of the accepted work that an adversary holds who offers the share f. Where names are free
 * it holds what it offers. Else each of its identities needs its places, all of which are its own,
 * and there is one for each `unitsEach` of work that stands: it holds at most what its identities
 * bring in that time.
 */
export function heldShare({ unitsEach }: Rule, f: number, tally: Tally): number {
  if (unitsEach === 0) return f;
  const { places, work, released } = tally;
  return Math.min(f, work / (unitsEach * places + work - released));
}

/**
 * Of all released work that others asked for, the bad part, when the adversary holds this share of
 * the accepted. Its right work is for jobs of its own, whose answers it knows.
 */
export const releasedShare = (held: number, { work, badReleased }: Tally): number =>
  badShare(held, badReleased / work);

/** The same of work delivered; what its own check found is never delivered. */
export const deliveredShare = (held: number, { work, badDelivered }: Tally): number =>
  badShare(held, badDelivered / work);

/** Bad ÷ (bad + others' right), where `bad` is a part of what the adversary does. */
export const badShare = (held: number, bad: number): number =>
  (held * bad) / (1 - held + held * bad);

/**
 * No more than this share of the work that stands can be bad, whatever the adversary offers and
 * does: a bad unit is found with q at least, and the first find ends its identity, so that (1 − q)
 * / q units pass for each, of a cost that took as many places.
 */
export function boundOf(rule: Rule, power: number): number {
  const table = tabulate(rule);
  const q = rateAt(table, table.knee) * power;
  return (1 - q) / (q * rule.unitsEach);
}

/** Pay lost ÷ cost saved by cheating, where work is paid what it costs (g = R, v = 0). */
export const marginOf = ({ bad, forfeited }: Tally): number => forfeited / bad;

/** Profit in units of pay, for each unit of work; honest work earns 0, since it costs its pay. */
export const profitOf = ({ work, bad, forfeited, unpaid }: Tally): number =>
  (bad - forfeited - unpaid) / work;
