import { describe, expect, test } from 'vitest';
import { boincChurn, playBoinc } from './boinc.ts';
import { openChance } from './chance.ts';
import { expectTally, holdbackOf, marginOf, releasedShare, type Tally } from './expectation.ts';
import { attackCanaries } from './families/canaries.ts';
import { attackCopies } from './families/copies.ts';
import { attackFloods } from './families/floods.ts';
import { steadyFormula } from './families/identities.ts';
import { attackQuorums } from './families/quorums.ts';
import { playLives } from './lives.ts';
import { OURS, trustRule } from './rules.ts';
import { findWorst, sieve } from './search.ts';
import type { Strategy } from './strategy.ts';
import { CANARIES, canaryShare, climbHonest } from './volunteers.ts';

const TERMS = { rule: OURS, power: 0.999, holdback: 112 };
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
      const rule = trustRule(trust, 20_000, 0);
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

  test('§2.7: h = ⌈2 / (q (1 − r))⌉ is 112, and gives margin 2 at the floor', () => {
    expect(holdbackOf(OURS, 1, 0.1)).toBe(112);
    const spared = { rule: OURS, power: 0.9, holdback: 112 };
    expect(marginOf(expectTally(spared, steady(5_000, 1)))).toBeGreaterThan(2);
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
  for (const key of ['bad', 'badDelivered', 'badReleased', 'released', 'runs'] as const) {
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

test('canaries go to the first units only', () => {
  expect(canaryShare(1_000)).toBe(CANARIES.share);
  expect(canaryShare(50_000)).toBeCloseTo(0.001, 6);
});

test('attacks by name: copies fail, quorums of strangers follow f², a fair queue outlives a flood', () => {
  const run = { seeds: [1, 2], units: 100_000, open: openChance };
  expect(attackCopies(run)).toMatchObject([{ attack: 10, value: 0, pass: true }]);
  expect(attackQuorums(run).map(({ pass }) => pass)).toEqual([false, true, true]);
  expect(attackCanaries(run).map(({ pass }) => pass)).toEqual([true, false, false]);
  expect(attackFloods(run).map(({ pass }) => pass)).toEqual([false, true, false]);
});
