import { describe, expect, test } from 'vitest';
import { boincChurn, playBoinc } from './boinc.ts';
import { openChance } from './chance.ts';
import {
  boundOf,
  deliveredShare,
  expectTally,
  heldShare,
  marginOf,
  profitOf,
  releasedShare,
  type Tally,
} from './expectation.ts';
import { attackCopies } from './families/copies.ts';
import { attackFloods } from './families/floods.ts';
import { steadyFormula } from './families/identities.ts';
import { attackTargets } from './families/targets.ts';
import { playLives } from './lives.ts';
import { marginAim } from './models.ts';
import { measureArmy } from './newcomers.ts';
import { FREE, OURS, trustRule } from './rules.ts';
import { findWorst, sieve } from './search.ts';
import type { Models, Strategy } from './strategy.ts';
import { isWhole, type Study } from './study.ts';
import { HOLDBACK } from './terms.ts';
import { climbHonest } from './volunteers.ts';

const TERMS = { rule: OURS, power: 0.999, holdback: HOLDBACK };
const steady = (honest: number, rate: number): Strategy => ({
  honest,
  rate,
  burst: 1,
  gap: 0,
  bursts: Infinity,
  grown: 0,
});
const WORST: Strategy = {
  honest: 1_250,
  rate: 1,
  burst: 35,
  gap: 2_000,
  bursts: Infinity,
  grown: 5_000,
};

describe('closed forms of reference/verification.md §2', () => {
  test.each([20, 50, 100, 200])(
    '§2.4: with T = %i a churner has 1 / (1 + T) accepted bad',
    (trust) => {
      const rule = trustRule(trust, 20_000, { lagUnits: 0, unitsEach: 0 });
      const strategy = steady(trust * 50, 1);
      const terms = { rule, power: 1, holdback: HOLDBACK };
      const { badDelivered, work } = expectTally(terms, strategy);
      // One unit in 50 is checked at the floor, and the checked one is not accepted: 49 of 50.
      expect(badDelivered / work).toBeCloseTo((1 / (1 + trust)) * 0.98, 6);
    },
  );

  test('§2.6: the steady cheat of the design', () => {
    const rule = trustRule(100, 20_000, { lagUnits: 2_000, unitsEach: 0 });
    const { badReleased, work } = expectTally({ ...TERMS, rule }, steady(5_000, 0.012));
    expect(badReleased / work).toBeCloseTo(0.0033, 4);
    expect(steadyFormula(100)).toBeCloseTo(0.0033, 4);
  });

  test.each([
    [10, 0.45],
    [15, 0.16],
    [20, 0.11],
    [50, 0.04],
  ])('§1: BOINC at CV = %i lets a churner have %f of its work accepted', (from, share) => {
    expect(boincChurn(from)).toBeCloseTo(share, 2);
    const run = { units: 2_000_000, chance: openChance(7) };
    const played = playBoinc({ from, rate: 1, accomplice: 0 }, run);
    expect(played.badReleased / played.work).toBeCloseTo(boincChurn(from), 2);
  });

  test('§2.7: what the policy holds back gives margin 2 at the floor', () => {
    const spared = { ...TERMS, power: 0.999 * 0.9 };
    expect(marginOf(expectTally(spared, steady(3_750, 1)))).toBeGreaterThan(2);
    const less = { ...spared, holdback: { ...HOLDBACK, ppm: 29_000 } };
    expect(marginOf(expectTally(less, steady(3_750, 1)))).toBeLessThan(2);
  });
});

describe('a limit on new identities', () => {
  const tally = expectTally(TERMS, WORST);

  test('an identity brings its work, and one begins for each 75,000 C', () => {
    expect(heldShare(FREE, 0.3, tally)).toBe(0.3);
    const right = { ...tally, work: 5_000, released: 5_000 };
    expect(heldShare(OURS, 0.3, right)).toBeCloseTo(1 / 15, 12);
    expect(heldShare(OURS, 0.3, { ...right, places: 2 })).toBeCloseTo(1 / 30, 12);
    expect(heldShare(OURS, 0.3, { ...right, released: 0 })).toBeCloseTo(1 / 16, 12);
    expect(heldShare(OURS, 0.3, { ...right, work: 60_000, released: 60_000 })).toBe(0.3);
  });

  test.each([0.01, 0.3, 0.5, 0.9])('at f = %f nothing in the grid passes the bound', (f) => {
    const bound = boundOf(OURS, TERMS.power) / (1 - f);
    for (const { tally: each } of sieve(TERMS).tallies) {
      const held = heldShare(OURS, f, each);
      expect(releasedShare(held, each)).toBeLessThanOrEqual(bound * (1 + 1e-9));
      expect(deliveredShare(held, each)).toBeLessThanOrEqual(bound * (1 + 1e-9));
    }
  });

  test('an army of aged identities is bad all at once, and no worse over all units', () => {
    for (const { during, overall, units } of measureArmy()) {
      expect(during).toBeGreaterThan(0.01);
      if (units === 1e9) expect(overall).toBeLessThan(1e-3);
    }
  });

  test('the first units are not paid: who is bad in them loses more than it saves', () => {
    const early = { ...steady(0, 1), burst: 3, gap: 2_000, bursts: 1 };
    expect(profitOf(expectTally(TERMS, early))).toBeLessThan(0);
    expect(profitOf(expectTally({ ...TERMS, rule: FREE, power: 0.9 }, early))).toBeGreaterThan(0);
  });
});

describe('several models', () => {
  const held = (tally: Tally): number => heldShare(OURS, 0.3, tally);
  const bound = boundOf(OURS, TERMS.power) / 0.7;
  const spread: Models[] = [
    { earn: 0.001, cheat: 1 },
    { earn: 1, cheat: 0.001 },
    { earn: 0.001, cheat: 0.001 },
    { earn: 0.01, cheat: 3, mixed: true },
    { earn: 10, cheat: 10 },
  ];

  test.each(spread)('nothing in the grid passes the bound: $earn C, $cheat C', (models) => {
    for (const { tally } of sieve(TERMS, models).tallies)
      expect(deliveredShare(held(tally), tally)).toBeLessThanOrEqual(bound * (1 + 1e-9));
  });

  test('trust for a dear unit costs as much work on a cheap model as on its own', () => {
    const cheap = expectTally(TERMS, WORST, { earn: 0.001, cheat: 1 });
    const own = expectTally(TERMS, WORST);
    expect(cheap.work).toBeCloseTo(own.work, 6);
    expect(cheap.badDelivered).toBeCloseTo(own.badDelivered, 9);
    expect(cheap.runs).toBeLessThan(own.runs);
  });

  test('a unit of ten C takes ten places and a tenth of a place one', () => {
    expect(expectTally(TERMS, WORST, { earn: 1, cheat: 10 }).places).toBe(10);
    expect(expectTally(TERMS, WORST, { earn: 0.1, cheat: 0.1 }).places).toBe(1);
  });

  test('pay held by the dearest unit so far leaves nothing at stake for a dearer one', () => {
    const models = { earn: 0.001, cheat: 1 };
    const power = TERMS.power * 0.9;
    const margin = (capUnits: number): number => {
      const holdback = { ...HOLDBACK, capUnits };
      const searched = sieve({ ...TERMS, power, holdback }, models);
      return -findWorst(searched, marginAim(models), 1).worth;
    };
    expect(margin(Infinity)).toBeGreaterThan(2);
    expect(margin(112)).toBeLessThan(0.1);
  });
});

const leaver: Strategy = { honest: 400, rate: 1, burst: 2, gap: 100, bursts: 2, grown: 0 };
const ONE: Models = { earn: 1, cheat: 1 };
test.each([
  ['steady', steady(3_000, 0.02), ONE],
  ['bursts', WORST, ONE],
  ['one that leaves', leaver, ONE],
  ['one that leaves a dear model', leaver, { earn: 0.1, cheat: 1 }],
  ['right on a dear model', WORST, { earn: 3, cheat: 1 }],
  ['bad on both', WORST, { earn: 0.1, cheat: 1, mixed: true }],
])('what is played agrees with what is computed: %s', (_, strategy, models) => {
  const played = playLives(TERMS, strategy, { work: 6_000_000, chance: openChance(5), models });
  const computed = expectTally(TERMS, strategy, models);
  const each = (tally: Tally, key: keyof Tally): number => tally[key] / tally.work;
  const keys = ['bad', 'badDelivered', 'unitsReleased', 'badReleased', 'released', 'runs'] as const;
  for (const key of [...keys, 'unpaid'] as const) {
    const ratio = each(played, key) / each(computed, key);
    expect(Math.abs(ratio - 1), key).toBeLessThan(0.12);
  }
});

test('a seed repeats its run to the last unit; another seed does not', () => {
  const run = (seed: number) =>
    playLives(TERMS, WORST, { work: 200_000, chance: openChance(seed) });
  expect(run(3)).toEqual(run(3));
  expect(run(3)).not.toEqual(run(4));
});

describe('the search', () => {
  const searched = sieve(TERMS);
  const released = (tally: Tally): number => releasedShare(0.3, tally);

  test('finds what is worse than the steady cheat, and at least as bad as growing bursts', () => {
    const { worth } = findWorst(searched, released, 1);
    expect(worth).toBeGreaterThan(released(expectTally(TERMS, steady(5_000, 0.012))));
    expect(worth).toBeGreaterThanOrEqual(released(expectTally(TERMS, WORST)));
  });

  test('repeats for a seed', () => {
    expect(findWorst(searched, released, 9)).toEqual(findWorst(searched, released, 9));
  });
});

test('the ladder expels only when two of our own runs are wrong alike', () => {
  const chance = openChance(11);
  const faults = { first: 0.2, same: 0.3 };
  let wrong = 0;
  for (let unit = 0; unit < 50_000; unit += 1) if (climbHonest(faults, chance)) wrong += 1;
  expect(wrong / 50_000).toBeCloseTo(0.06, 2);
  expect(climbHonest({ first: 1, same: 0 }, chance)).toBe(false);
});

test('attacks by name: what is built holds, and what is not built shows why', () => {
  const run = { seeds: [1, 2], units: 100_000, open: openChance };
  const families = [attackCopies, attackFloods, attackTargets];
  const rows = families.flatMap((family) => family(run));
  const missed = rows.filter(({ built, pass }) => built && !pass);
  expect(missed).toEqual([]);
  const rejected = rows.filter(({ built, pass }) => !built && !pass);
  expect(rejected.map(({ attack }) => attack)).toEqual([34, 34]);
});

test('a variant that is not built fails nothing; one that is built does, and so does a missed goal', () => {
  const study = (built: boolean, met: boolean) =>
    ({ goals: [{ met }], attacks: [{ built, pass: false }] }) as unknown as Study;
  expect(isWhole(study(false, true))).toBe(true);
  expect(isWhole(study(true, true))).toBe(false);
  expect(isWhole(study(false, false))).toBe(false);
});
