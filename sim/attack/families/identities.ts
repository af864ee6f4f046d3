import { CHECK_POLICY_DEFAULT } from '#protocol/checks/check-policy.ts';
import { type AttackRow, type AttackRun, percent, perMille } from '../attack-row.ts';
import {
  addTally,
  emptyTally,
  expectTally,
  heldShare,
  profitOf,
  releasedShare,
  type Tally,
} from '../expectation.ts';
import { playLives } from '../lives.ts';
import { FREE, OURS, type Rule, rateAt, tabulate } from '../rules.ts';
import { type Aim, findWorst, type Searched, sieve } from '../search.ts';
import { describeStrategy, type Strategy } from '../strategy.ts';
import { HOLDBACK, type Terms } from '../terms.ts';

const POWER = 0.999;
const COLLUSION = 0.1;
const FRACTION = 0.3;
const TRUST = CHECK_POLICY_DEFAULT.trustUnits;
/** Units after which checks grow no fewer. */
const KNEE = TRUST / 0.02;
const terms = (rule: Rule): Terms => ({ rule, power: POWER, holdback: HOLDBACK });
/** Bad among released units, where the adversary offers f = 30 % and holds what its names allow. */
const released = (tally: Tally): number => releasedShare(heldShare(OURS, FRACTION, tally), tally);

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
    const work = run.units / run.seeds.length;
    addTally(total, playLives({ ...terms(OURS), power }, strategy, { work, chance }));
  }
  return total;
}

function earnTrust(run: AttackRun, searched: Searched): AttackRow {
  const own: Aim = ({ work, badDelivered }) => badDelivered / work;
  const { strategy } = findWorst(searched, own, 13);
  const played = play(run, strategy, { stream: 13 });
  const share = played.badDelivered / played.work;
  return {
    attack: 13,
    name: 'earn trust, then cheat',
    tried: `best of n₀ and s: ${describeStrategy(strategy)}`,
    gained: `${percent(share)} of its own work delivered bad`,
    bound: `≤ 1 / (1 + T) = ${percent(1 / (1 + TRUST))}, within 3 % of it`,
    built: true,
    pass: share <= 1.03 / (1 + TRUST),
    value: share,
  };
}

/** Searched with the power that is left when a tenth of the checkers spare the adversary. */
function churn(): AttackRow[] {
  const row = (rule: Rule, name: string, pick: (strategy: Strategy) => boolean): AttackRow => {
    const searched = sieve({ ...terms(rule), power: POWER * (1 - COLLUSION) });
    const aim: Aim = (tally, each) => (pick(each) ? profitOf(tally) : Number.NaN);
    const { worth, strategy } = findWorst(searched, aim, 14);
    return {
      attack: 14,
      name,
      tried: `highest profit for each unit of work, r = 10 %: ${describeStrategy(strategy)}`,
      gained: `${Number(worth.toFixed(6))} of a unit's pay`,
      bound: '≤ 0',
      built: rule === OURS,
      pass: worth <= 1e-9,
      value: worth,
    };
  };
  return [
    row(OURS, 'churn, the first two units right', ({ honest }) => honest > 1),
    row(OURS, 'churn, bad from the first units', ({ honest }) => honest <= 1),
    row(FREE, 'the same without probation', ({ honest }) => honest <= 1),
  ];
}

function cheatRarely(run: AttackRun, searched: Searched): AttackRow {
  const steady: Aim = ({ work, badReleased }, { honest, gap, bursts }) =>
    gap === 0 && bursts === Infinity && honest === KNEE ? badReleased / work : Number.NaN;
  const { tallies } = searched;
  const rates = Array.from({ length: 60 }, (_, at) => 0.002 * 1.05 ** at);
  const steadies = rates.map((rate) => {
    const strategy = { honest: KNEE, rate, burst: 1, gap: 0, bursts: Infinity, grown: 0 };
    return { strategy, tally: expectTally(terms(OURS), strategy), worth: Number.NaN };
  });
  const { strategy } = findWorst({ ...searched, tallies: [...tallies, ...steadies] }, steady, 15);
  const played = play(run, strategy, { stream: 15 });
  const share = played.badReleased / played.work;
  const formula = steadyFormula();
  return {
    attack: 15,
    name: 'rare cheating at a steady rate',
    tried: `best s after ${KNEE.toLocaleString('en')} right units: ${describeStrategy(strategy)}`,
    gained: `${perMille(share)} of its own work released bad, at s = ${percent(strategy.rate)}`,
    bound: `§2.6 says ${perMille(formula)}; within 10 %`,
    built: true,
    pass: Math.abs(share / formula - 1) <= 0.1,
    value: share,
  };
}

/** reference/verification.md §2.6, maximised over x = q s. */
export function steadyFormula(trust = TRUST): number {
  const floor = 0.02;
  const q = floor * POWER;
  let best = 0;
  for (let rate = 0.001; rate <= 1; rate *= 1.01) {
    const x = q * rate;
    const share = (((1 - floor) / q) * Math.exp(-x * OURS.lagUnits)) / (trust / floor + 1 / x);
    best = Math.max(best, share);
  }
  return best;
}

/** Leaves right after the last burst, with the exit check and, as the control, without. */
function exitScam(run: AttackRun, searched: Searched): AttackRow[] {
  const worst = findWorst(searched, released, 16).worth;
  const leaving: Aim = (tally, { bursts }) =>
    Number.isFinite(bursts) ? released(tally) : Number.NaN;
  const { strategy } = findWorst(searched, leaving, 16);
  const audited = released(play(run, strategy, { stream: 16 }));
  const open = findWorst(sieve(terms({ ...OURS, exitRate: 0 })), leaving, 16).worth;
  const ended = bestJobEnds();
  return [
    {
      attack: 16,
      name: 'exit scam',
      tried: `f = 30 %: ${describeStrategy(strategy)}; without the exit check it would be ${perMille(open)}`,
      gained: `${perMille(audited)} of released units bad`,
      bound: `no more than who stays: ${perMille(worst)}, within 3 %`,
      built: true,
      pass: audited <= worst * 1.03,
      value: audited,
    },
    {
      attack: 16,
      name: 'bad units at the ends of jobs',
      tried: `f = 30 %, computed: ${ended.honest} right, then ${ended.burst} bad as each job ends, ${ended.gap} right between; an exit check comes each time, the identity stays`,
      gained: `${perMille(ended.share)} of released units bad`,
      bound: `no more than who waits for W: ${perMille(worst)}`,
      built: true,
      pass: ended.share <= worst,
      value: ended.share,
    },
  ];
}

/**
 * The worst of bursts at the ends of jobs, when what is not released meets the exit check: a bad
 * unit is drawn at the exit rate in all, and what passes is released at once.
 */
function bestJobEnds(): { honest: number; burst: number; gap: number; share: number } {
  const table = tabulate(OURS);
  let best = { honest: 0, burst: 0, gap: 0, share: 0 };
  for (const gap of [0, 100, 500, 1_000, 2_000])
    for (const burst of [1, 2, 3, 5, 10])
      for (let honest = 100; honest <= 12_000; honest += 100) {
        let alive = 1;
        const tally = { ...emptyTally(), lives: 1, places: 1, work: honest, released: honest };
        for (let age = honest + 1; alive > 1e-6; age += burst + gap) {
          const found = Math.max(rateAt(table, age), OURS.exitRate) * POWER;
          tally.work += alive * (burst + gap);
          alive *= (1 - found) ** burst;
          tally.badReleased += alive * burst;
          tally.released += alive * (burst + gap);
        }
        const share = released(tally);
        if (share > best.share) best = { honest, burst, gap, share };
      }
  return best;
}

/** A device that somehow learns of half the draws before it reveals, and falls silent on those. */
function abort(run: AttackRun, searched: Searched): AttackRow {
  const worst: Aim = released;
  const { strategy } = findWorst(searched, worst, 19);
  // Silence on a guessed draw is a failure for sure; only the other half needs the check's power.
  const played = play(run, strategy, { stream: 19, power: 0.5 + POWER / 2 });
  const flagged = released(played);
  const expected = released(expectTally(terms(OURS), strategy));
  const free = { ...terms(OURS), power: POWER / 2 };
  const silent = released(expectTally(free, strategy));
  return {
    attack: 19,
    name: 'silence when it looks checked',
    tried: `f = 30 %, half the draws guessed right, ${describeStrategy(strategy)}; were silence free, ${perMille(silent)}`,
    gained: `${perMille(flagged)} released bad when silence after a commitment is a failure`,
    bound: `no more than without the guess: ${perMille(expected)}, within 5 %`,
    built: true,
    pass: flagged <= expected * 1.05,
    value: flagged,
  };
}
