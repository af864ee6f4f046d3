import { type Rule, rateAt, tabulate } from './rules.ts';
import { openPlan, type Plan, type Strategy } from './strategy.ts';

/** What one identity of the adversary does in its life: expected numbers, or counted ones. */
export interface Tally {
  /** Units it computes, right and bad. */
  units: number;
  bad: number;
  /** Bad units that their own check did not find. */
  badDelivered: number;
  badReleased: number;
  /** Released units, right and bad. */
  released: number;
  /** Re-executions: draws, exit audit, and the second run that confirms a failure. */
  runs: number;
  /** Units whose pay is lost at a failure: the failed one and at most h before it. */
  forfeited: number;
}

export interface Terms {
  rule: Rule;
  /** d: chance that one check of a bad unit finds it. */
  power: number;
  /** h: units of pay held back. */
  holdback: number;
  /** First units of an identity that are never paid. */
  unpaid?: number;
}

/** Who leaves younger than this is paid nothing (reference/verification.md §3.7: withheld until k ≥ T). */
export const PROBATION_UNITS = 100;

/** Survival of an identity by age, as logarithms, far enough to see every release window end. */
function surviveBy(terms: Terms, plan: Plan, last: number) {
  const table = tabulate(terms.rule);
  const log = new Float64Array(last + 1);
  const caught = new Float64Array(last + 1);
  for (let age = 1; age <= last; age += 1) {
    const bad = plan.rate(age);
    const found = rateAt(table, age) * terms.power;
    caught[age] = bad * found;
    log[age] = (log[age - 1] ?? 0) + (bad === 0 ? 0 : Math.log1p(-bad * found));
  }
  return { table, log, caught };
}

/**
 * The exact expectation over one identity's life, for a rule that knows only its age. Past the knee
 * of the policy every period is the one before times its survival, so the rest is a geometric series.
 */
export function expectTally(terms: Terms, strategy: Strategy): Tally {
  const { rule, power, holdback } = terms;
  const plan = openPlan(strategy, tabulate(rule).knee);
  const { head, life } = plan;
  const stays = life === Infinity;
  const end = stays ? head + plan.period : life;
  const { table, log, caught } = surviveBy(terms, plan, end + rule.lagUnits);
  const at = (age: number): number => log[age] ?? 0;
  const exit = stays ? undefined : exitAudit(terms, strategy, plan);
  const total = emptyTally();
  for (let age = 1; age <= end; age += 1) {
    const weight = age > head ? 1 / -Math.expm1(at(end) - at(head)) : 1;
    const reached = Math.exp(at(age - 1)) * weight;
    const bad = plan.rate(age) * reached;
    const missed = bad * (1 - rateAt(table, age) * power);
    const lost = (caught[age] ?? 0) * reached;
    const leaves = exit !== undefined && age > life - rule.lagUnits;
    const until = leaves ? life : age + rule.lagUnits;
    total.units += reached;
    total.bad += bad;
    total.badDelivered += missed;
    total.badReleased += missed * Math.exp(at(until) - at(age)) * (leaves ? exit.passes : 1);
    total.released += Math.exp(at(until)) * weight * (leaves ? exit.passes : 1);
    total.runs += reached * rateAt(table, age) + lost;
    total.forfeited += lost * Math.min(age, holdback + 1);
  }
  const paidFrom = Math.min(holdback + 1, end);
  // Who is caught later than this has lost the pay of the first units to this rule, not to the catch.
  total.forfeited += Math.min(terms.unpaid ?? 0, paidFrom) * Math.exp(at(paidFrom));
  if (exit !== undefined) {
    const left = Math.exp(at(life));
    total.runs += left * (exit.runs + 1 - exit.passes);
    const paid = life < PROBATION_UNITS ? 0 : exit.passes;
    total.forfeited += left * (1 - paid) * Math.min(life, holdback);
  }
  return total;
}

/** The last units of an identity that leaves, drawn once more; only for bursts that are all bad. */
function exitAudit({ rule, power }: Terms, { rate }: Strategy, plan: Plan) {
  const { life } = plan;
  if (rate !== 1) throw new RangeError('an exit is computed for bursts that are all bad');
  const first = Math.max(1, life - rule.lagUnits + 1);
  let bad = 0;
  for (let age = first; age <= life; age += 1) bad += plan.rate(age);
  const runs = rule.exitRate * (life - first + 1);
  return { passes: (1 - rule.exitRate * power) ** bad, runs };
}

export const emptyTally = (): Tally => ({
  units: 0,
  bad: 0,
  badDelivered: 0,
  badReleased: 0,
  released: 0,
  runs: 0,
  forfeited: 0,
});

export function addTally(sum: Tally, one: Tally): void {
  for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += one[key];
}

/** h = ⌈2 / (q (1 − r))⌉ at the floor of the policy (reference/verification.md §2.7, margin 2). */
export function holdbackOf(rule: Rule, power: number, collusion: number): number {
  const { rate, knee } = tabulate(rule);
  return Math.ceil(2 / ((rate[knee] ?? 0) * power * (1 - collusion)));
}

/** Of all released units, the bad ones, when share f of the throughput plays this strategy. */
export function releasedShare(f: number, { units, badReleased, released }: Tally): number {
  return (f * badReleased) / ((1 - f) * units + f * released);
}

/** Of all delivered units, the bad ones; units that their own check found are never delivered. */
export function deliveredShare(f: number, { units, bad, badDelivered }: Tally): number {
  return (f * badDelivered) / (units - f * (bad - badDelivered));
}

/** Pay lost ÷ cost saved by cheating, where a unit is paid what it costs (g = R, v = 0). */
export const marginOf = ({ bad, forfeited }: Tally): number => forfeited / bad;

/** Profit in units of pay, for each unit of work; honest work earns 0, since it costs its pay. */
export const profitOf = ({ units, bad, forfeited }: Tally): number => (bad - forfeited) / units;
