import { expect, test } from 'vitest';
import type { JobId } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import type { EarningLine, Earnings } from './earnings.ts';
import { viewPay } from './pay-lines.ts';

const JOB = 'job_0000000000000001' as JobId;
const entry = (sequence: number, units: number, at: number) => ({
  ...{ job: JOB, sequence, units, amount: BigInt(units) * 1_000_000n, at: instant(at) },
});
const earningsOf = (lines: readonly Omit<EarningLine, 'amount'>[]): Earnings => ({
  lines: lines.map((line) => ({ ...line, amount: 0n })),
  ...{ awaited: 0n, unclaimed: 0n, returned: 0n, forfeited: 0n, trialUnits: 0, donatedUnits: 0 },
});

test('shards of a job that ended at one moment are one line of what was earned', () => {
  const lines = viewPay(
    earningsOf([{ id: 'accrued', entries: [entry(1, 2, 50), entry(2, 3, 50), entry(3, 1, 90)] }]),
  );
  expect(lines).toMatchObject([
    { at: 50, text: 'Earned 0.005 SOL for 5 units', detail: JOB },
    { at: 90, text: 'Earned 0.001 SOL for 1 unit' },
  ]);
});

test('what is payable and what was paid are settled, and what is held is not', () => {
  const lines = viewPay(
    earningsOf([
      { id: 'held', entries: [entry(9, 9, 10)] },
      { id: 'payable', entries: [entry(1, 1, 20)] },
      { id: 'paid', entries: [entry(2, 1, 20)] },
    ]),
  );
  expect(lines).toMatchObject([{ at: 20, text: expect.stringMatching(/^0.002 SOL .* settled$/) }]);
});
