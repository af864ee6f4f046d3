import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CHECK_POLICY_DEFAULT,
  type CheckPolicy,
  checkThreshold,
} from '#protocol/checks/check-policy.ts';
import {
  ageAt,
  exitRunsAt,
  isDrawn,
  OURS,
  rateAt,
  runsAt,
  sharedRule,
  sumTo,
  tabulate,
} from './rules.ts';

const WORD = 2n ** 32n;
const policies = fc.oneof(
  fc.record({
    type: fc.constant('trust' as const),
    trustUnits: fc.integer({ min: 0, max: 300 }),
    floorPpm: fc.integer({ min: 10_000, max: 1_000_000 }),
  }),
  fc.record({
    type: fc.constant('flat' as const),
    rate: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

/** Draws one given 64-bit number against the table, as a run would. */
function draws(policy: CheckPolicy, age: number, draw: bigint): boolean {
  const words = [Number(draw / WORD), Number(draw % WORD)];
  return isDrawn(tabulate({ ...OURS, policy }), age, () => words.shift() ?? 0);
}

describe('the table of thresholds', () => {
  test('decides every draw as the 64-bit comparison of the policy does', () => {
    const age = fc.integer({ min: 1, max: 40_000 });
    fc.assert(
      fc.property(policies, age, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (policy, n, draw) => {
        expect(draws(policy, n, draw)).toBe(draw < checkThreshold(policy, n));
      }),
    );
  });

  test('and at the very edge of the threshold, where only the low word differs', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 40_000 }), (policy, n) => {
        const threshold = checkThreshold(policy, n);
        if (threshold > 0n) expect(draws(policy, n, threshold - 1n)).toBe(true);
        if (threshold < 2n ** 64n) expect(draws(policy, n, threshold)).toBe(false);
      }),
    );
  });

  test('the policy stays the same past its last age', () => {
    const table = tabulate({ ...OURS, policy: CHECK_POLICY_DEFAULT });
    expect(table.knee).toBe(3_750);
    expect(checkThreshold(CHECK_POLICY_DEFAULT, 3_750)).toBe(
      checkThreshold(CHECK_POLICY_DEFAULT, 5_000_000),
    );
    expect(rateAt(table, 5_000_000)).toBeCloseTo(0.02, 12);
  });
});

test('sums of the table are those of its rates, units at a part and past the knee too', () => {
  const { runsSum, exitSum, knee } = tabulate(OURS);
  const sum = (to: number, each: (age: number) => number): number =>
    Array.from({ length: to }, (_, at) => each(at + 1)).reduce((a, b) => a + b, 0);
  for (const units of [0, 75, 76, 1_000, knee - 1, knee, knee + 1, 9_000]) {
    expect(sumTo(runsSum, units)).toBeCloseTo(
      sum(units, (age) => runsAt(tabulate(OURS), age)),
      9,
    );
    const exit = (age: number): number => exitRunsAt(OURS, runsAt(tabulate(OURS), age));
    expect(sumTo(exitSum, units)).toBeCloseTo(sum(units, exit), 9);
  }
  expect(sumTo(runsSum, 99.5)).toBeCloseTo((sumTo(runsSum, 99) + sumTo(runsSum, 100)) / 2, 9);
});

test('an identity’s next unit is as old as its work holds of that cost', () => {
  expect(ageAt(0, 0.001)).toBe(1);
  expect(ageAt(0.1 + 0.2, 0.1)).toBe(4);
  expect(ageAt(74.999, 1)).toBe(75);
  expect(ageAt(3, 10)).toBe(1);
});

test('three verifiers at a third each check only 70 % of a newcomer’s units; by their share, all', () => {
  const divided = tabulate({ ...sharedRule(3), divided: true });
  const shared = tabulate(sharedRule(3));
  const leaked = tabulate({ ...sharedRule(3), secrets: 2 });
  expect(rateAt(divided, 1)).toBeCloseTo(1 - (2 / 3) ** 3, 9);
  expect(rateAt(shared, 1)).toBe(1);
  expect(rateAt(shared, 9_000)).toBeCloseTo(0.02, 9);
  expect(runsAt(shared, 1)).toBe(3);
  expect(runsAt(shared, 9_000)).toBeCloseTo(3 * (1 - 0.98 ** (1 / 3)), 9);
  expect(rateAt(leaked, 9_000)).toBeCloseTo(1 - 0.98 ** (2 / 3), 9);
});

test('the exit check widens draws: what p_n already took is not drawn again', () => {
  expect(exitRunsAt(OURS, 0.02)).toBeCloseTo(0.18, 12);
  expect(exitRunsAt(OURS, 0.5)).toBe(0);
  expect(exitRunsAt(sharedRule(3), 0)).toBeCloseTo(3 * (1 - 0.8 ** (1 / 3)), 12);
});
