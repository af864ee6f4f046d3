import { type AttackRow, type AttackRun, percent } from '../attack-row.ts';
import { isDrawn, OURS, tabulate } from '../rules.ts';

const ARRIVALS = 100_000;
const FRACTION = 0.5;
const FLOOD_SHARE = 0.3;
/** Verifiers can run this share of all units again: twice what honest devices past 5,000 units need. */
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
      pass: fifo <= OURS.lagUnits,
      value: fifo,
    },
    {
      attack: 34,
      name: 'flood of newcomers, trusted devices first',
      tried: 'the same flood; the queue serves devices with more units behind them first',
      gained: `an established device waits ${Math.round(fair)} unit arrivals (99th percentile)`,
      bound: '≤ 2,000 (W)',
      pass: fair <= OURS.lagUnits,
      value: fair,
    },
    {
      attack: 34,
      name: 'flood of newcomers, forward passes',
      tried:
        'f = 30 % starts over at every unit and is always wrong: each unit is run twice by a verifier',
      gained: `${percent((FLOOD_SHARE * 2) / (1 - FLOOD_SHARE))} overhead, computed`,
      bound: '≤ 5 %; only a limit on new identities can bound it',
      pass: false,
      value: (FLOOD_SHARE * 2) / (1 - FLOOD_SHARE),
    },
  ];
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
