import type { Chance } from './chance.ts';
import { emptyTally, PROBATION_UNITS, type Tally, type Terms } from './expectation.ts';
import { isDrawn, tabulate } from './rules.ts';
import { openPlan, type Plan, type Strategy } from './strategy.ts';

/**
 * Plays identities one after the other, unit by unit, until they have computed `units`: each unit is
 * drawn against the threshold of its age, a bad unit that is drawn is found with probability d, and
 * a find voids what is not released and ends the identity.
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

function playLife(
  { rule, power, holdback }: Terms,
  plan: Plan,
  { chance, total }: { chance: Chance; total: Tally },
): void {
  const table = tabulate(rule);
  const { life } = plan;
  const { word, next } = chance;
  /** Ages of bad units that were delivered. */
  const passed: number[] = [];
  for (let age = 1; ; age += 1) {
    const rate = plan.rate(age);
    const bad = rate > 0 && (rate === 1 || next() < rate);
    const drawn = isDrawn(table, age, word);
    total.units += 1;
    if (bad) total.bad += 1;
    if (drawn) total.runs += 1;
    if (bad && drawn && next() < power) {
      total.runs += 1;
      total.forfeited += Math.min(age, holdback + 1);
      return close(passed, age - rule.lagUnits - 1, total);
    }
    if (bad) {
      passed.push(age);
      total.badDelivered += 1;
    }
    if (age === life) return leave({ rule, power, holdback }, { passed, life }, { chance, total });
  }
}

/** Adds what an identity has released: everything up to an age. */
function close(passed: readonly number[], upTo: number, total: Tally): void {
  total.released += Math.max(0, upTo);
  for (const age of passed) if (age <= upTo) total.badReleased += 1;
}

/** The exit audit: every unit that is not released is drawn once more. */
function leave(
  { rule, power, holdback }: Terms,
  { passed, life }: { passed: readonly number[]; life: number },
  { chance, total }: { chance: Chance; total: Tally },
): void {
  const released = Math.max(0, life - rule.lagUnits);
  let found = false;
  for (let age = released + 1; age <= life; age += 1) {
    if (chance.next() >= rule.exitRate) continue;
    total.runs += 1;
    if (passed.includes(age) && chance.next() < power) found = true;
  }
  if (found || life < PROBATION_UNITS) total.forfeited += Math.min(life, holdback);
  if (found) total.runs += 1;
  close(passed, found ? released : life, total);
}
