import { holdbackUnits, PAY_POLICY } from '#protocol/checks/check-policy.ts';
import { exitRateAt, lagOf, type Rule, rateAt, runsAt, tabulate } from './rules.ts';
import { openPlan, type Plan, type Strategy } from './strategy.ts';

/** What one identity of the adversary does in its life: expected numbers, or counted ones. */
export interface Tally {
  /** Identities. */
  lives: number;
  /** Units it computes, right and bad. */
  units: number;
  bad: number;
  /** Bad units that their own check did not find. */
  badDelivered: number;
  badReleased: number;
  /** Released units, right and bad. */
  released: number;
  /** Re-executions: draws, exit check, and the second run that confirms a failure. */
  runs: number;
  /** Units whose pay is lost at a failure: the failed one and at most h before it. */
  forfeited: number;
  /** Other units that earn nothing, as an identity's first. */
  unpaid: number;
}

export interface Terms {
  rule: Rule;
  /** d: chance that one check of a bad unit finds it. */
  power: number;
  /** h: units of pay held back. */
  holdback: number;
}

/** Past this chance of being alive nothing that an identity does is counted. */
const GONE = 1e-16;

/** Survival of an identity by age, far enough to see every release window end. */
function surviveBy({ rule, power }: Terms, plan: Plan, last: number) {
  const table = tabulate(rule);
  const alive = new Float64Array(last + 1).fill(0);
  alive[0] = 1;
  let left = 1;
  for (let age = 1; age <= last && left > 0; age += 1) {
    const bad = plan.rate(age);
    if (bad > 0) left *= 1 - bad * rateAt(table, age) * power;
    alive[age] = left;
  }
  return { table, alive: (age: number): number => alive[age] ?? 0 };
}

/**
 * The exact expectation over one identity's life, for a rule that knows only its age. Past the knee
 * of the policy every period is the one before times its survival, so the rest is a geometric
 * series.
 */
export function expectTally(terms: Terms, strategy: Strategy): Tally {
  const { rule, power, holdback } = terms;
  const plan = openPlan(strategy, tabulate(rule).knee);
  const { head, life } = plan;
  const lag = lagOf(rule);
  const stays = life === Infinity;
  const end = stays ? head + plan.period : life;
  const { table, alive } = surviveBy(terms, plan, end + lag);
  const exit = stays ? undefined : exitCheck(terms, strategy, plan);
  const total = { ...emptyTally(), lives: 1 };
  for (let age = 1; age <= end && alive(age - 1) > GONE; age += 1) {
    const weight = age > head ? 1 / (1 - alive(end) / alive(head)) : 1;
    const reached = alive(age - 1) * weight;
    const bad = plan.rate(age) * reached;
    const found = rateAt(table, age) * power;
    const lost = bad * found;
    const leaves = exit !== undefined && age > life - lag;
    const kept = alive(leaves ? life : age + lag) * weight * (leaves ? exit.passes : 1);
    total.units += reached;
    total.bad += bad;
    total.badDelivered += bad - lost;
    if (bad > 0 && alive(age) > 0)
      total.badReleased += ((bad - lost) * kept) / (alive(age) * weight);
    total.released += kept;
    total.runs += reached * runsAt(table, age) + lost;
    total.forfeited += lost * Math.min(age, holdback + 1);
    total.unpaid += lost * unpaidOf(rule, age - holdback - 1);
  }
  if (exit !== undefined) {
    const left = alive(life);
    total.runs += left * (exit.runs + 1 - exit.passes);
    total.forfeited += left * (1 - exit.passes) * Math.min(life, holdback);
    total.unpaid += left * exit.passes * unpaidOf(rule, life);
    total.unpaid += left * (1 - exit.passes) * unpaidOf(rule, life - holdback);
  }
  return total;
}

/** How many of the first `units` of an identity are not paid because they are its first. */
export const unpaidOf = ({ probationUnits }: Rule, units: number): number =>
  Math.min(probationUnits, Math.max(0, units));

/**
 * The last units of an identity that leaves: their draws are widened to the exit rate. Only for
 * bursts that are all bad. A bad unit that its own draw took and missed is not drawn again.
 */
function exitCheck({ rule, power }: Terms, { rate }: Strategy, plan: Plan) {
  const { life } = plan;
  if (rate !== 1) throw new RangeError('an exit is computed for bursts that are all bad');
  const table = tabulate(rule);
  let [passes, runs] = [1, 0];
  for (let age = Math.max(1, life - lagOf(rule) + 1); age <= life; age += 1) {
    const usual = rateAt(table, age);
    const undrawn = plan.rate(age) === 0 ? 1 - usual : (1 - usual) / (1 - usual * power);
    const drawn = undrawn * exitRateAt(rule, usual);
    runs += drawn;
    if (plan.rate(age) === 1) passes *= 1 - drawn * power;
  }
  return { passes, runs };
}

export const emptyTally = (): Tally => ({
  lives: 0,
  units: 0,
  bad: 0,
  badDelivered: 0,
  badReleased: 0,
  released: 0,
  runs: 0,
  forfeited: 0,
  unpaid: 0,
});

export function addTally(sum: Tally, one: Tally): void {
  for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += one[key];
}

/** h of the policy as it is. */
export const HOLDBACK = PAY_POLICY.holdbackUnits;

/** h for a rule and a power, with r of the checkers sparing the adversary: the protocol's own. */
export const holdbackOf = ({ policy }: Rule, power: number, collusion: number): number =>
  holdbackUnits(policy, {
    powerPpm: Math.round(power * 1e6),
    sparedPpm: Math.round(collusion * 1e6),
  });

/**
 * The share of accepted units that is the adversary's, where it offers f. An identity brings L
 * units, of which those released stand; one may begin for each U that stand. All places are its
 * own: L / (U + L − released).
 */
export function heldShare({ unitsEach }: Rule, f: number, tally: Tally): number {
  const { units, lives, released } = tally;
  return unitsEach === 0 ? f : Math.min(f, units / (lives * unitsEach + units - released));
}

/** Of all released units, the bad ones, when the adversary holds this share of the accepted. */
export function releasedShare(held: number, { units, badReleased, released }: Tally): number {
  return (held * badReleased) / ((1 - held) * units + held * released);
}

/** Of all delivered units, the bad ones; units that their own check found are never delivered. */
export function deliveredShare(held: number, { units, bad, badDelivered }: Tally): number {
  return (held * badDelivered) / (units - held * (bad - badDelivered));
}

/**
 * No more than this share of the units that stand can be bad, whatever the adversary offers and
 * does: a bad unit is found with q at least, and the first find ends its identity, so that (1 − q)
 * / q pass for each.
 */
export function boundOf(rule: Rule, power: number): number {
  const table = tabulate(rule);
  const q = rateAt(table, table.knee) * power;
  return (1 - q) / (q * rule.unitsEach);
}

/** Pay lost ÷ cost saved by cheating, where a unit is paid what it costs (g = R, v = 0). */
export const marginOf = ({ bad, forfeited }: Tally): number => forfeited / bad;

/** Profit in units of pay, for each unit of work; honest work earns 0, since it costs its pay. */
export const profitOf = ({ units, bad, forfeited, unpaid }: Tally): number =>
  (bad - forfeited - unpaid) / units;
