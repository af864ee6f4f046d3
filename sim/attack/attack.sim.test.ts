import { describe, expect, test } from 'vitest';
import { boincChurn, playBoinc } from './boinc.ts';
import { openChance } from './chance.ts';
import {
  boundOf,
  deliveredShare,
  expectTally,
  HOLDBACK,
  heldShare,
  marginOf,
  profitOf,
  releasedShare,
  type Tally,
} from './expectation.ts';
import { attackCopies } from './families/copies.ts';
import { attackFloods } from './families/floods.ts';
import { steadyFormula } from './families/identities.ts';
import { attackQuorums } from './families/quorums.ts';
import { attackTargets } from './families/targets.ts';
import { playLives } from './lives.ts';
import { measureArmy } from './newcomers.ts';
import { FREE, OURS, trustRule } from './rules.ts';
import { findWorst, sieve } from './search.ts';
import type { Strategy } from './strategy.ts';
import { isWhole, type Study } from './study.ts';
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
      const { badDelivered, units } = expectTally({ rule, power: 1, holdback: 112 }, strategy);
      // One unit in 50 is checked at the floor, and the checked one is not accepted: 49 of 50.
      expect(badDelivered / units).toBeCloseTo((1 / (1 + trust)) * 0.98, 6);
    },
  );

  test('§2.6: the steady cheat of the design', () => {
    const { badReleased, units } = expectTally(TERMS, steady(5_000, 0.012));
    expect(badReleased / units).toBeCloseTo(0.0033, 4);
    expect(steadyFormula()).toBeCloseTo(0.0033, 4);
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
    expect(played.badReleased / played.units).toBeCloseTo(boincChurn(from), 2);
  });

  test('§2.7: what the policy holds back gives margin 2 at the floor', () => {
    const spared = { ...TERMS, power: 0.999 * 0.9 };
    expect(marginOf(expectTally(spared, steady(5_000, 1)))).toBeGreaterThan(2);
    const less = { ...spared, holdback: HOLDBACK - 3 };
    expect(marginOf(expectTally(less, steady(5_000, 1)))).toBeLessThan(2);
  });
});

describe('a limit on new identities', () => {
  const tally = expectTally(TERMS, WORST);

  test('an identity brings its units, and one begins for each 50,000', () => {
    expect(heldShare(FREE, 0.3, tally)).toBe(0.3);
    const right = { ...tally, units: 5_000, released: 5_000 };
    expect(heldShare(OURS, 0.3, right)).toBeCloseTo(0.1, 12);
    expect(heldShare(OURS, 0.3, { ...right, lives: 2 })).toBeCloseTo(0.05, 12);
    expect(heldShare(OURS, 0.3, { ...right, released: 0 })).toBeCloseTo(1 / 11, 12);
    expect(heldShare(OURS, 0.3, { ...right, units: 60_000, released: 60_000 })).toBe(0.3);
  });

  test.each([0.01, 0.3, 0.5, 0.9])('at f = %f nothing in the grid passes the bound', (f) => {
    const bound = boundOf(OURS, TERMS.power);
    for (const { tally: each } of sieve(TERMS).tallies) {
      const held = heldShare(OURS, f, each);
      expect(releasedShare(held, each)).toBeLessThanOrEqual(bound * (1 + 1e-9));
      expect(deliveredShare(held, each)).toBeLessThanOrEqual(bound * (1 + 1e-9));
    }
  });

  test('several packages bring an identity nothing: each has an age and a lag of its own', () => {
    for (const strategy of [WORST, steady(5_000, 0.012), steady(5_000, 1)]) {
      const two = expectTally({ ...TERMS, rule: { ...OURS, packages: 2 } }, strategy);
      const one = expectTally(TERMS, strategy);
      const share = (each: Tally): number => releasedShare(heldShare(OURS, 0.3, each), each);
      expect(share(two)).toBeLessThan(share(one));
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

const leaver: Strategy = { honest: 400, rate: 1, burst: 2, gap: 100, bursts: 2, grown: 0 };
test.each([
  ['steady', steady(3_000, 0.02)],
  ['bursts', WORST],
  ['one that leaves', leaver],
])('what is played agrees with what is computed: %s', (_, strategy) => {
  const played = playLives(TERMS, strategy, { units: 6_000_000, chance: openChance(5) });
  const computed = expectTally(TERMS, strategy);
  const each = (tally: Tally, key: keyof Tally): number => tally[key] / tally.units;
  for (const key of ['bad', 'badDelivered', 'badReleased', 'released', 'runs', 'unpaid'] as const) {
    const ratio = each(played, key) / each(computed, key);
    expect(Math.abs(ratio - 1), key).toBeLessThan(0.12);
  }
});

test('a seed repeats its run to the last unit; another seed does not', () => {
  const run = (seed: number) =>
    playLives(TERMS, WORST, { units: 200_000, chance: openChance(seed) });
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
  const families = [attackCopies, attackQuorums, attackFloods, attackTargets];
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
