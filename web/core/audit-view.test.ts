import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECK_POLICY_DEFAULT, type CheckPolicy } from '#protocol/checks/check-policy.ts';
import { viewAudit } from './audit-view.ts';
import { STATUS_OFF } from './contribute-view.ts';

const view = (units: number, policy: CheckPolicy = CHECK_POLICY_DEFAULT) =>
  viewAudit({ ...STATUS_OFF, checks: { policy, units, model: 'Digits' } });

test('the page says nothing before the hub has told the count', () => {
  expect(viewAudit(STATUS_OFF)).toBeUndefined();
});

test.each([
  [0, 'Every unit of yours is checked now.'],
  [149, 'About 1 unit in 2 of yours is checked now.'],
  [2_299, 'About 1 unit in 31 of yours is checked now.'],
  [1_000_000, 'About 1 unit in 50 of yours is checked now.'],
])('after %i units: %s', (units, rate) => {
  expect(view(units)?.rate).toBe(rate);
});

test('why: the work accepted, and the least there is', () => {
  expect(view(2_299)?.why).toMatch(
    /^Your work .* makes 2,299 units of Digits\. The more .* About 1 unit in 50 is the least\.$/,
  );
  expect(view(0)?.why).toMatch(/^Trust starts anew/);
  expect(view(1_000_000)?.why).not.toContain('The more');
  expect(view(5, { type: 'flat', rate: 0.05 })).toEqual({
    rate: 'About 1 unit in 20 of yours is checked now.',
    why: 'This hub checks the same share of everyone.',
  });
});

test('every policy and count has words', () => {
  const policy = fc.record({
    type: fc.constant('trust' as const),
    trustUnits: fc.nat(1_000),
    floorPpm: fc.nat(1_000_000),
  });
  fc.assert(
    fc.property(policy, fc.nat(10_000_000), (each, units) => {
      const said = view(units, each);
      expect(said?.rate).toMatch(/^(Every|No|About 1) unit/);
      expect(`${said?.rate} ${said?.why}`).not.toMatch(/NaN|Infinity|undefined/);
    }),
  );
});
