import { type AttackRow, percent, perMille } from '../attack-row.ts';
import { deliveredShare, heldShare, type Tally } from '../expectation.ts';
import { COLLUSION, GOAL } from '../goal.ts';
import { boundOfOthers, marginAim, type PairRow } from '../models.ts';
import { OURS, rateAt, tabulate } from '../rules.ts';
import { findWorst, sieve } from '../search.ts';
import { describeStrategy } from '../strategy.ts';
import { HOLDBACK } from '../terms.ts';

const TERMS = { rule: OURS, power: GOAL.power, holdback: HOLDBACK };
const PAIR = { earn: 0.001, cheat: 1 };

/** Attacks 13, 14 and 16 where a grid has several models, and jobs of the adversary's own. */
export const attackModels = (pairs: readonly PairRow[]): AttackRow[] => [
  earnElsewhere(pairs),
  holdLess(),
  postOwn(),
  comeBack(),
];

function earnElsewhere(pairs: readonly PairRow[]): AttackRow {
  const worst = Math.max(...pairs.map(({ delivered }) => delivered));
  const bound = boundOfOthers(GOAL.fraction);
  return {
    attack: 13,
    name: 'earn trust on one model, cheat on another',
    tried: `f = 30 %, computed: all ${pairs.length} pairs of the table below`,
    gained: `${perMille(worst)} of what others asked for delivered bad`,
    bound: `≤ (1 − q) / (q U (1 − f)) = ${perMille(bound)}`,
    built: true,
    pass: worst <= bound,
    value: worst,
  };
}

/** The control for pay that is held: what was paid while units were cheap is not at stake later. */
function holdLess(): AttackRow {
  const holdback = { ...HOLDBACK, capUnits: 112 };
  const spared = sieve({ ...TERMS, power: GOAL.power * (1 - COLLUSION), holdback }, PAIR);
  const { worth, strategy } = findWorst(spared, marginAim(PAIR), 13);
  return {
    attack: 13,
    name: 'the same, pay held is at most 112 of the dearest units so far',
    tried: `right units cost C ÷ 1,000, bad ones C: ${describeStrategy(strategy)}`,
    gained: `pay lost ÷ cost saved is ${(-worth).toPrecision(2)}`,
    bound: '≥ 2',
    built: false,
    pass: -worth >= 2,
    value: -worth,
  };
}

/**
 * Right work for jobs of its own costs it nothing, and its pay comes back to it, forfeited or not.
 * So the pay of what it delivers bad is all profit; names and work that stands bound it.
 */
function postOwn(): AttackRow {
  const searched = sieve(TERMS, PAIR);
  const gain = (fraction: number): number =>
    findWorst(
      searched,
      (tally: Tally) => deliveredShare(heldShare(OURS, fraction, tally), tally),
      13,
    ).worth;
  const [usual, most] = [gain(GOAL.fraction), gain(0.9)];
  return {
    attack: 13,
    name: 'jobs posted to itself',
    tried:
      'right only in jobs of its own, which cost it checks and time; these are 30 % of all accepted work, or 90 %',
    gained: `paid ${perMille(usual)} of what others pay, without work; ${perMille(most)} at 90 %`,
    bound: `≤ (1 − q) / (q U (1 − f)) = ${perMille(boundOfOthers(GOAL.fraction))}, ${perMille(boundOfOthers(0.9))}`,
    built: true,
    pass: usual <= boundOfOthers(GOAL.fraction) && most <= boundOfOthers(0.9),
    value: usual,
  };
}

/**
 * What is held is paid after three days. One that waits for that has one unit's pay at stake and its
 * name, when it is bad in a few units and leaves them to the exit check.
 */
function comeBack(): AttackRow {
  const table = tabulate(OURS);
  const found = OURS.exitRate * GOAL.power * (1 - COLLUSION);
  const passes = 1 - found;
  /** Bad units that are paid until it is caught, one to each return. */
  const paid = passes / found;
  const q = rateAt(table, table.knee) * GOAL.power;
  return {
    attack: 16,
    name: 'away until all is paid, then back for one bad unit',
    tried: `r = 10 %, computed: each return meets the exit check, found with ${percent(found)}`,
    gained: `${paid.toPrecision(3)} units of pay for a name`,
    bound: `≤ (1 − q) / q = ${((1 - q) / q).toFixed(0)} units for a name`,
    built: true,
    pass: paid <= (1 - q) / q,
    value: paid,
  };
}
