import { NEWCOMER_POLICY, PROBATION_POLICY } from '#protocol/checks/check-policy.ts';
import { type AttackRow, type AttackRun, percent, perMille } from '../attack-row.ts';
import { findDearest } from '../cost.ts';
import { boundOf } from '../expectation.ts';
import { GOAL } from '../goal.ts';
import { FREE, isDrawn, OURS, type Rule, tabulate } from '../rules.ts';
import { describeStrategy } from '../strategy.ts';
import { costOf, overheadOf } from '../volunteers.ts';

const ARRIVALS = 100_000;
const FRACTION = 0.5;
const OVERHEAD_MAX = 0.05;
/**
 * Verifiers can run this share of all units again: twice what honest devices past 5,000 units need.
 */
const CAPACITY = 0.04;

interface Waits {
  /** 99th percentile wait of established devices' checks, in arrivals of units. */
  first: number;
  fair: number;
}

/**
 * Attack 34: half of the throughput is newcomers who are always checked. One verifier takes checks
 * in order of arrival, or those of devices with more units behind them first.
 */
export function attackFloods(run: AttackRun): AttackRow[] {
  const waits = run.seeds.slice(0, 5).map((seed) => flood(run, seed));
  const worst = (pick: (each: Waits) => number): number => Math.max(...waits.map(pick));
  const [fifo, fair] = [worst(({ first }) => first), worst(({ fair: wait }) => wait)];
  return [
    {
      attack: 34,
      name: 'flood of newcomers, checks in order of arrival',
      tried: `f = 50 % starts over at every unit; verifiers have room for ${CAPACITY * 100} % of all units`,
      gained: `an established device waits ${Math.round(fifo)} unit arrivals (99th percentile), growing without end`,
      bound: '≤ 2,000 (W)',
      built: false,
      pass: fifo <= OURS.lagUnits,
      value: fifo,
    },
    {
      attack: 34,
      name: 'flood of newcomers, trusted devices first',
      tried: 'the same flood; the queue serves devices with more units behind them first',
      gained: `an established device waits ${Math.round(fair)} unit arrivals (99th percentile)`,
      bound: '≤ 2,000 (W)',
      built: true,
      pass: fair <= OURS.lagUnits,
      value: fair,
    },
    passes(OURS, 'places for new identities are limited'),
    passes(FREE, 'names free'),
    probations(),
  ];
}

/**
 * Names that end on probation give their places back, and what was executed for them is used for a day:
 * of a grid that makes as many places a day as it began with, no more than as many places again.
 * They are beside the strategy that makes verifiers run most.
 */
function probations(): AttackRow {
  const { unitsPerPlace, failureUnits } = PROBATION_POLICY;
  const { tally, held } = findDearest(OURS, GOAL.life, GOAL.fraction);
  const { total } = overheadOf(costOf(OURS, GOAL.life), held, tally);
  const runs = unitsPerPlace / OURS.unitsEach;
  // Who is wrong in its first unit is executed once and confirmed.
  const names = runs / (1 + failureUnits);
  const bad = names * ((1 - GOAL.power) / GOAL.power);
  const work = Math.round((NEWCOMER_POLICY.burst * OURS.unitsEach) / 1e5) / 10;
  return {
    attack: 34,
    name: 'flood of newcomers that are wrong at once, or go before the end of their probation',
    tried: `beside the forward passes of the flood with limited places, all that probation may use of a grid of ${work} million C a day`,
    gained: `${percent(total + runs)} overhead in all, ${perMille(bad)} of all work bad, computed`,
    bound: `≤ ${percent(OVERHEAD_MAX)}, and ≤ 1 % of (1 − q) / (q U)`,
    built: true,
    pass: total + runs <= OVERHEAD_MAX && bad <= boundOf(OURS, GOAL.power) / 100,
    value: total + runs,
  };
}

/** The strategy that makes verifiers run most, beside honest volunteers of 50,000 units. */
function passes(rule: Rule, words: string): AttackRow {
  const { strategy, tally, held } = findDearest(rule, GOAL.life, GOAL.fraction);
  const { total } = overheadOf(costOf(rule, GOAL.life), held, tally);
  return {
    attack: 34,
    name: `flood of newcomers, forward passes, ${words}`,
    tried: `f = 30 %, what costs most: ${describeStrategy(strategy)}`,
    gained: `${percent(total)} overhead in all, computed`,
    bound: `≤ ${percent(OVERHEAD_MAX)}`,
    built: rule === OURS,
    pass: total <= OVERHEAD_MAX,
    value: total,
  };
}

/** Time is counted in arrivals: a check takes 1 / CAPACITY of them. */
function flood(run: AttackRun, seed: number): Waits {
  const { next, word } = run.open(seed, 34);
  const table = tabulate(OURS);
  const service = 1 / CAPACITY;
  let [fifoFree, fairFree] = [0, 0];
  const first: number[] = [];
  const fair: number[] = [];
  for (let now = 0; now < ARRIVALS; now += 1) {
    const honest = next() >= FRACTION;
    if (!isDrawn(table, honest ? table.knee : 1, word)) continue;
    fifoFree = Math.max(fifoFree, now) + service;
    if (!honest) continue;
    first.push(fifoFree - now);
    // A newcomer's check under way is finished first; at full load there is always one.
    fairFree = Math.max(fairFree, now + service * next()) + service;
    fair.push(fairFree - now);
  }
  const late = (waits: number[]): number =>
    waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? Number.NaN;
  return { first: late(first), fair: late(fair) };
}
