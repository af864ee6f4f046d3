import type { Chance } from './chance.ts';
import { emptyTally, type Tally, type Terms, unpaidOf } from './expectation.ts';
import { exitRateAt, isDrawn, lagOf, rateAt, tabulate } from './rules.ts';
import { openPlan, type Plan, type Strategy } from './strategy.ts';

/**
 * Plays identities one after the other, unit by unit, until they have computed `units`: each unit
 * is drawn against the threshold of its age, a bad unit that is drawn is found with probability d,
 * and a find voids what is not released and ends the identity.
 */
export function playLives(
  terms: Terms,
  strategy: Strategy,
  run: { units: number; chance: Chance },
): Tally {
  const total = emptyTally();
  const plan = openPlan(strategy, tabulate(terms.rule).knee);
  while (total.units < run.units) playLife(terms, plan, { chance: run.chance, total });
  return total;
}

interface Life {
  /** Ages of bad units that were delivered, and of units that their own draw took. */
  passed: number[];
  drawn: Set<number>;
}

function playLife(
  terms: Terms,
  plan: Plan,
  { chance, total }: { chance: Chance; total: Tally },
): void {
  const { rule, power, holdback } = terms;
  const table = tabulate(rule);
  const { word, next } = chance;
  const life: Life = { passed: [], drawn: new Set() };
  total.lives += 1;
  for (let age = 1; ; age += 1) {
    const rate = plan.rate(age);
    const bad = rate > 0 && (rate === 1 || next() < rate);
    const drawn = isDrawn(table, age, word);
    total.units += 1;
    if (bad) total.bad += 1;
    if (drawn) {
      total.runs += 1;
      if (plan.life < Infinity) life.drawn.add(age);
    }
    if (bad && drawn && next() < power) {
      total.runs += 1;
      total.forfeited += Math.min(age, holdback + 1);
      total.unpaid += unpaidOf(rule, age - holdback - 1);
      return close(life, age - lagOf(rule) - 1, total);
    }
    if (bad) {
      life.passed.push(age);
      total.badDelivered += 1;
    }
    if (age === plan.life) return leave(terms, { life, last: age }, { chance, total });
  }
}

/** Adds what an identity has released: everything up to an age. */
function close({ passed }: Life, upTo: number, total: Tally): void {
  total.released += Math.max(0, upTo);
  for (const age of passed) if (age <= upTo) total.badReleased += 1;
}

/** The exit check: the draws of what is not released are widened. */
function leave(
  { rule, power, holdback }: Terms,
  { life, last }: { life: Life; last: number },
  { chance, total }: { chance: Chance; total: Tally },
): void {
  const table = tabulate(rule);
  const released = Math.max(0, last - lagOf(rule));
  let found = false;
  for (let age = released + 1; age <= last; age += 1) {
    if (life.drawn.has(age) || chance.next() >= exitRateAt(rule, rateAt(table, age))) continue;
    total.runs += 1;
    if (life.passed.includes(age) && chance.next() < power) found = true;
  }
  if (found) {
    total.runs += 1;
    total.forfeited += Math.min(last, holdback);
  }
  total.unpaid += unpaidOf(rule, found ? last - holdback : last);
  close(life, found ? released : last, total);
}
