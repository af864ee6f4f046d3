import { type AttackRow, type AttackRun, percent, perMille } from '../attack-row.ts';
import {
  addTally,
  emptyTally,
  expectTally,
  holdbackOf,
  PROBATION_UNITS,
  profitOf,
  releasedShare,
  type Tally,
  type Terms,
} from '../expectation.ts';
import { playLives } from '../lives.ts';
import { OURS, type Rule, rateAt, tabulate } from '../rules.ts';
import { type Aim, type Found, findWorst, type Searched, sieve } from '../search.ts';
import { describeStrategy, type Strategy } from '../strategy.ts';

const POWER = 0.999;
const COLLUSION = 0.1;
const FRACTION = 0.3;
const TRUST = 100;
const terms = (rule: Rule): Terms => ({
  rule,
  power: POWER,
  holdback: holdbackOf(OURS, POWER, COLLUSION),
});

/** Attacks 13 to 16 and 19: what can be done with names that cost nothing. */
export function attackIdentities(run: AttackRun): AttackRow[] {
  const searched = sieve(terms(OURS));
  return [
    earnTrust(run, searched),
    ...churn(),
    cheatRarely(run, searched),
    ...exitScam(run, searched),
    abort(run, searched),
  ];
}

interface Play {
  stream: number;
  power?: number;
}

/** Plays one strategy on every seed; its stream of chance is the attack's number. */
function play(run: AttackRun, strategy: Strategy, { stream, power = POWER }: Play): Tally {
  const total = emptyTally();
  for (const seed of run.seeds) {
    const chance = run.open(seed, stream);
    const units = run.units / run.seeds.length;
    addTally(total, playLives({ ...terms(OURS), power }, strategy, { units, chance }));
  }
  return total;
}

function earnTrust(run: AttackRun, searched: Searched): AttackRow {
  const own: Aim = ({ units, badDelivered }) => badDelivered / units;
  const { strategy } = findWorst(searched, own, 13);
  const played = play(run, strategy, { stream: 13 });
  const share = played.badDelivered / played.units;
  return {
    attack: 13,
    name: 'earn trust, then cheat',
    tried: `best of n₀ and s: ${describeStrategy(strategy)}`,
    gained: `${percent(share)} of its own work delivered bad`,
    bound: `≤ 1 / (1 + T) = ${percent(1 / (1 + TRUST))}, within 3 % of it`,
    pass: share <= 1.03 / (1 + TRUST),
    value: share,
  };
}

/** Searched with the power that is left when a tenth of the checkers spare the adversary. */
function churn(): AttackRow[] {
  const spared = { ...terms(OURS), power: POWER * (1 - COLLUSION) };
  const worst = (searched: Searched, pick: (strategy: Strategy) => boolean) =>
    findWorst(searched, (tally, each) => (pick(each) ? profitOf(tally) : Number.NaN), 14);
  const searched = sieve(spared);
  const row = (name: string, { worth, strategy }: Found, bound: string): AttackRow => ({
    attack: 14,
    name,
    tried: `highest profit for each unit of work, r = 10 %: ${describeStrategy(strategy)}`,
    gained: `${Number(worth.toFixed(6))} of a unit's pay`,
    bound,
    pass: worth <= 1e-9,
    value: worth,
  });
  return [
    row(
      'churn under free names, the first two units right',
      worst(searched, ({ honest }) => honest > 1),
      '≤ 0',
    ),
    row(
      'churn under free names, bad from the first units',
      worst(searched, ({ honest }) => honest <= 1),
      '≤ 0: nothing is at stake yet',
    ),
    row(
      'the same, if the first 100 units are never paid',
      worst(sieve({ ...spared, unpaid: PROBATION_UNITS }), ({ honest }) => honest <= 1),
      '≤ 0',
    ),
  ];
}

function cheatRarely(run: AttackRun, searched: Searched): AttackRow {
  const steady: Aim = ({ units, badReleased }, { honest, gap, bursts }) =>
    gap === 0 && bursts === Infinity && honest === TRUST / 0.02 ? badReleased / units : Number.NaN;
  const { tallies } = searched;
  const rates = Array.from({ length: 60 }, (_, at) => 0.002 * 1.05 ** at);
  const steadies = rates.map((rate) => {
    const strategy = { honest: 5_000, rate, burst: 1, gap: 0, bursts: Infinity, grown: 0 };
    return { strategy, tally: expectTally(terms(OURS), strategy), worth: Number.NaN };
  });
  const { strategy } = findWorst({ ...searched, tallies: [...tallies, ...steadies] }, steady, 15);
  const played = play(run, strategy, { stream: 15 });
  const share = played.badReleased / played.units;
  const formula = steadyFormula();
  return {
    attack: 15,
    name: 'rare cheating at a steady rate',
    tried: `best s after 5,000 right units: ${describeStrategy(strategy)}`,
    gained: `${perMille(share)} of its own work released bad, at s = ${percent(strategy.rate)}`,
    bound: `§2.6 says ${perMille(formula)}; within 10 %`,
    pass: Math.abs(share / formula - 1) <= 0.1,
    value: share,
  };
}

/** reference/verification.md §2.6, maximised over x = q s. */
export function steadyFormula(): number {
  const floor = 0.02;
  const q = floor * POWER;
  let best = 0;
  for (let rate = 0.001; rate <= 1; rate *= 1.01) {
    const x = q * rate;
    const share = (((1 - floor) / q) * Math.exp(-x * OURS.lagUnits)) / (TRUST / floor + 1 / x);
    best = Math.max(best, share);
  }
  return best;
}

/** Leaves right after the last burst, with the exit audit and, as the control, without. */
function exitScam(run: AttackRun, searched: Searched): AttackRow[] {
  const worst = findWorst(searched, (tally) => releasedShare(FRACTION, tally), 16).worth;
  const leaving: Aim = (tally, { bursts }) =>
    Number.isFinite(bursts) ? releasedShare(FRACTION, tally) : Number.NaN;
  const { strategy } = findWorst(searched, leaving, 16);
  const audited = releasedShare(FRACTION, play(run, strategy, { stream: 16 }));
  const open = findWorst(sieve(terms({ ...OURS, exitRate: 0 })), leaving, 16).worth;
  const ended = bestJobEnds();
  return [
    {
      attack: 16,
      name: 'exit scam',
      tried: `f = 30 %: ${describeStrategy(strategy)}; without the exit audit it would be ${perMille(open)}`,
      gained: `${perMille(audited)} of released units bad`,
      bound: `no more than who stays: ${perMille(worst)}, within 3 %`,
      pass: audited <= worst * 1.03,
      value: audited,
    },
    {
      attack: 16,
      name: 'one bad unit at the end of each job',
      tried: `f = 30 %, computed: ${ended.honest} right, then a bad unit as a job ends; the exit audit comes each time, the identity stays`,
      gained: `${perMille(ended.share)} of released units bad`,
      bound: `no more than who waits for W: ${perMille(worst)}`,
      pass: ended.share <= worst,
      value: ended.share,
    },
  ];
}

/** The honest run before it that makes a bad unit at each job's end worth most. */
function bestJobEnds(): { honest: number; share: number } {
  const table = tabulate(OURS);
  let best = { honest: 0, share: 0 };
  for (let honest = 100; honest <= 6_000; honest += 10) {
    let [alive, bad, units] = [1, 0, honest];
    for (let age = honest + 1; alive > 1e-6; age += 1) {
      units += alive;
      alive *= (1 - rateAt(table, age) * POWER) * (1 - OURS.exitRate * POWER);
      bad += alive;
    }
    const share = (FRACTION * bad) / ((1 - FRACTION) * units + FRACTION * (units - 1));
    if (share > best.share) best = { honest, share };
  }
  return best;
}

/** A device that somehow learns of half the draws before it reveals, and falls silent on those. */
function abort(run: AttackRun, searched: Searched): AttackRow {
  const worst: Aim = (tally) => releasedShare(FRACTION, tally);
  const { strategy } = findWorst(searched, worst, 19);
  // Silence on a guessed draw is a failure for sure; only the other half needs the check's power.
  const played = play(run, strategy, { stream: 19, power: 0.5 + POWER / 2 });
  const flagged = releasedShare(FRACTION, played);
  const expected = releasedShare(FRACTION, expectTally(terms(OURS), strategy));
  const free = { ...terms(OURS), power: POWER / 2 };
  const silent = releasedShare(FRACTION, expectTally(free, strategy));
  return {
    attack: 19,
    name: 'silence when it looks checked',
    tried: `f = 30 %, half the draws guessed right, ${describeStrategy(strategy)}; were silence free, ${perMille(silent)}`,
    gained: `${perMille(flagged)} released bad when silence after a commitment is a failure`,
    bound: `no more than without the guess: ${perMille(expected)}, within 5 %`,
    pass: flagged <= expected * 1.05,
    value: flagged,
  };
}
