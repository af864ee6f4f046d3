import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWith } from '../values/decode.ts';
import {
  CHECK_POLICY_DEFAULT,
  type CheckPolicy,
  CheckPolicyText,
  checkRate,
  checkThreshold,
  describePolicy,
  expectedChecks,
  holdbackPpm,
  NewcomersText,
  ownCheckRate,
  PAY_POLICY,
  ppmThreshold,
  shardsInFlight,
  shareThreshold,
  unitNumber,
} from './check-policy.ts';

const WHOLE = 1n << 64n;
const count = fc.integer({ min: 1, max: 1_000_000_000 });
const trust = (trustUnits: number, floorPpm: number): CheckPolicy => ({
  type: 'trust',
  trustUnits,
  floorPpm,
});
const policies = fc
  .tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 1_000_000 }))
  .map(([units, ppm]) => trust(units, ppm));

describe('the trust policy', () => {
  test('the first T units are all checked, then ever fewer, down to the floor', () => {
    expect(checkThreshold(CHECK_POLICY_DEFAULT, 1)).toBe(WHOLE);
    expect(checkThreshold(CHECK_POLICY_DEFAULT, 75)).toBe(WHOLE);
    expect(checkThreshold(CHECK_POLICY_DEFAULT, 76)).toBe((75n * WHOLE) / 76n);
    expect(checkThreshold(CHECK_POLICY_DEFAULT, 3_750)).toBe(WHOLE / 50n);
    expect(checkThreshold(CHECK_POLICY_DEFAULT, 1_000_000)).toBe(WHOLE / 50n);
  });

  test('n × p_n never falls under T while p_n is under 1, but for the last bit', () => {
    fc.assert(
      fc.property(policies, count, (policy, n) => {
        if (policy.type !== 'trust') return;
        const threshold = checkThreshold(policy, n);
        expect(threshold).toBeLessThanOrEqual(WHOLE);
        if (threshold < WHOLE) {
          expect((threshold + 1n) * BigInt(n)).toBeGreaterThanOrEqual(
            BigInt(policy.trustUnits) * WHOLE,
          );
        }
      }),
    );
  });

  test('it never rises with n, and agrees with the number told to people', () => {
    fc.assert(
      fc.property(policies, count, (policy, n) => {
        expect(checkThreshold(policy, n + 1)).toBeLessThanOrEqual(checkThreshold(policy, n));
        expect(Number(checkThreshold(policy, n)) / 2 ** 64).toBeCloseTo(checkRate(policy, n), 9);
      }),
    );
  });
});

describe('a draw that verifiers share', () => {
  const whole = fc.bigInt({ min: 0n, max: WHOLE });
  const verifiers = fc.integer({ min: 1, max: 16 });
  /** 2^64 × the chance that none of them draws, times 2^64 for each more: no rounding. */
  const missed = (each: bigint, sharers: number) => (WHOLE - each) ** BigInt(sharers);

  test('reaches together what one would draw alone: never less, and not one step more', () => {
    fc.assert(
      fc.property(whole, verifiers, (rate, sharers) => {
        const each = shareThreshold(rate, sharers);
        const wanted = (WHOLE - rate) * WHOLE ** BigInt(sharers - 1);
        expect(missed(each, sharers) <= wanted).toBe(true);
        if (each > 0n) expect(missed(each - 1n, sharers) > wanted).toBe(true);
      }),
    );
  });

  test('rises with the rate, falls with the number of verifiers, and is the whole for one', () => {
    fc.assert(
      fc.property(whole, whole, verifiers, (a, b, sharers) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        expect(shareThreshold(less, 1)).toBe(less);
        expect(shareThreshold(less, sharers)).toBeLessThanOrEqual(shareThreshold(more, sharers));
        expect(shareThreshold(a, sharers + 1)).toBeLessThanOrEqual(shareThreshold(a, sharers));
      }),
    );
  });

  test('each verifier checks every unit where all are to be checked, and none where none is', () => {
    expect(shareThreshold(WHOLE, 3)).toBe(WHOLE);
    expect(shareThreshold(0n, 16)).toBe(0n);
    expect(shareThreshold(ppmThreshold(1_000_000), 16)).toBe(WHOLE);
  });

  test('three draw at 0.67 % each for 2 % together, which is more than a third each', () => {
    const shared: CheckPolicy = { type: 'trust', trustUnits: 100, floorPpm: 20_000, sharers: 3 };
    expect(ownCheckRate(shared, 5_000)).toBeCloseTo(1 - 0.98 ** (1 / 3), 12);
    expect(ownCheckRate(shared, 5_000)).toBeGreaterThan(0.02 / 3);
    expect(checkRate(shared, 5_000)).toBe(0.02);
    expect(checkThreshold(shared, 100)).toBe(WHOLE);
  });
});

test('a flat rate is the same for every unit', () => {
  expect(checkThreshold({ type: 'flat', rate: 0.5 }, 1)).toBe(WHOLE / 2n);
  expect(checkThreshold({ type: 'flat', rate: 1 }, 9_999)).toBe(WHOLE);
  expect(checkThreshold({ type: 'flat', rate: 0 }, 1)).toBe(0n);
});

test.each([Number.NaN, -0.1, 1.1])('a rate of %s is refused', (rate) => {
  expect(() => checkThreshold({ type: 'flat', rate }, 1)).toThrow(/lies in \[0, 1\]/);
});

test.each([0, -1, 1.5])('a unit number of %s is refused', (n) => {
  expect(() => checkThreshold(CHECK_POLICY_DEFAULT, n)).toThrow(/count from 1/);
});

describe('expected checks', () => {
  test('are the sum of the rates, to within one', () => {
    const small = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(small, small, (before, units) => {
        let sum = 0;
        for (let n = before + 1; n <= before + units; n += 1) {
          sum += checkRate(CHECK_POLICY_DEFAULT, n);
        }
        expect(Math.abs(expectedChecks(CHECK_POLICY_DEFAULT, before, units) - sum)).toBeLessThan(1);
      }),
    );
  });

  test('a volunteer of 50,000 units costs 2.6 %, and 2.8 % at T = 100 (reference/verification.md §2.5)', () => {
    expect(expectedChecks(CHECK_POLICY_DEFAULT, 0, 50_000) / 50_000).toBeCloseTo(0.0259, 3);
    expect(expectedChecks(trust(100, 20_000), 0, 50_000) / 50_000).toBeCloseTo(0.0278, 3);
  });
});

describe('pay held back', () => {
  test.each([
    [999_000, 29_660],
    [990_000, 29_929],
    [900_000, 32_922],
  ])('a check of power %i ppm needs %i millionths of all work', (powerPpm, part) => {
    expect(holdbackPpm(CHECK_POLICY_DEFAULT, { powerPpm, sparedPpm: 100_000 })).toBe(part);
  });

  test('the default holdback is what the power of a calibrated class needs', () => {
    expect(PAY_POLICY.holdbackPpm).toBe(29_660);
  });

  test('it is the least with margin 2 for a unit of any cost after any work, for any power', () => {
    const ppm = fc.integer({ min: 1, max: 1_000_000 });
    const spare = fc.integer({ min: 0, max: 999_999 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), ppm, spare, (units, power, spared) => {
        const part = holdbackPpm(trust(units, 0), { powerPpm: power, sparedPpm: spared });
        // The draw of a unit of cost 1 after work W, times ρ W.
        const found = units * (power / 1e6) * (1 - spared / 1e6);
        expect((part / 1e6) * found).toBeGreaterThan(2 - 1e-6);
        expect(((part - 1) / 1e6) * found).toBeLessThan(2 + 1e-6);
      }),
    );
  });

  test('none suffices where nothing is checked or found', () => {
    expect(() => holdbackPpm(trust(0, 20_000), { powerPpm: 999_000, sparedPpm: 0 })).toThrow(
      /deters/,
    );
    const flat = { type: 'flat', rate: 0.05 } as const;
    expect(() => holdbackPpm(flat, { powerPpm: 999_000, sparedPpm: 0 })).toThrow(/deters/);
  });
});

describe('on a command line', () => {
  test.each([
    ['flat:0.05', { type: 'flat', rate: 0.05 }, '5 % of all units'],
    ['flat:1', { type: 'flat', rate: 1 }, '100 % of all units'],
    [
      'trust:75,0.02',
      CHECK_POLICY_DEFAULT,
      'the first 75 units of a device, then ever fewer, 2 % at least',
    ],
    ['trust:75,0.02,1', CHECK_POLICY_DEFAULT, describePolicy(CHECK_POLICY_DEFAULT)],
    [
      'trust:20,0.1,3',
      { type: 'trust', trustUnits: 20, floorPpm: 100_000, sharers: 3 },
      'the first 20 units of a device, then ever fewer, 10 % at least, shared by 3 verifiers',
    ],
  ])('%s', (text, policy, words) => {
    const decoded = decodeWith(CheckPolicyText, text, 'request-invalid');
    expect(decoded).toEqual({ ok: true, value: policy });
    if (decoded.ok) expect(describePolicy(decoded.value)).toBe(words);
  });

  test.each([
    '0.05',
    'flat:2',
    'flat:',
    'trust:100',
    'trust:-1,0.02',
    'trust:100,1.5',
    'trust:100,0.02,0',
    'trust:100,0.02,17',
    '',
  ])('%j is refused with what is wanted', (text) => {
    const decoded = decodeWith(CheckPolicyText, text, 'request-invalid');
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'request-invalid' } });
    if (!decoded.ok) expect(decoded.refusal.message).toContain('trust:75,0.02');
  });
});

describe('a limit on newcomers as text', () => {
  test.each([
    ['100,75000', { burst: 100, unitsEach: 75_000 }],
    ['0,1', { burst: 0, unitsEach: 1 }],
    ['unlimited', 'unlimited'],
  ])('%s', (text, limit) => {
    expect(decodeWith(NewcomersText, text)).toEqual({ ok: true, value: limit });
  });

  test.each(['', '100', '100,0', '-1,5', '1,2,3', 'none'])('%j is refused', (text) => {
    const decoded = decodeWith(NewcomersText, text);
    expect(decoded.ok ? '' : decoded.refusal.message).toContain('100,75000');
  });
});

describe('the number of a unit', () => {
  const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const cost = fc.integer({ min: 1, max: 10_000_000_000 });

  test('is whole units of its cost in the work before it, and one, without rounding', () => {
    fc.assert(
      fc.property(whole, cost, (workBefore, unitCost) => {
        const exact = Number(BigInt(workBefore) / BigInt(unitCost)) + 1;
        expect(unitNumber({ workBefore, unitCost })).toBe(exact);
      }),
    );
  });

  test('grows by one with each unit of the same cost', () => {
    fc.assert(
      fc.property(fc.nat(1e9), cost, (workBefore, unitCost) => {
        const next = { workBefore: workBefore + unitCost, unitCost };
        expect(unitNumber(next)).toBe(unitNumber({ workBefore, unitCost }) + 1);
      }),
    );
  });

  test('of a dear unit is 1 until cheap work comes to its cost', () => {
    expect(unitNumber({ workBefore: 999, unitCost: 1_000 })).toBe(1);
    expect(unitNumber({ workBefore: 1_000, unitCost: 1_000 })).toBe(2);
  });
});

test.each([
  [1, 2],
  [75, 2],
  [225, 3],
  [750, 10],
  [1_500, 20],
  [1_000_000, 20],
])('while unit %i is next, %i shards of a device may be out', (n, most) => {
  expect(shardsInFlight(CHECK_POLICY_DEFAULT, n)).toBe(most);
});
