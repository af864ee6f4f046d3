import { expect, test } from 'vitest';
import { REFUSAL_CODES } from '#protocol/values/refusal.ts';
import { runFuzz } from './fuzz.ts';

const CASES = 25_000;

// `npm run fuzz -- --count 10000000 --seed 7` sends many more; a failure names its seed and round.
test.each([1, 2, 3, 4])(`seed %i: ${CASES} malformed results, none accepted`, (seed) => {
  const { cases, codes, honestUnits, failure } = runFuzz({ seed, count: CASES });
  expect(failure).toBeUndefined();
  expect(cases).toBe(CASES);
  expect([...codes.values()].reduce((sum, times) => sum + times, 0)).toBe(CASES);
  // The mutators come past the decoders, to each of the rules behind them.
  const reached = REFUSAL_CODES.filter((code) => (codes.get(code) ?? 0) > 0);
  expect(reached).toEqual([
    'signature-wrong',
    'message-malformed',
    'message-out-of-order',
    'lease-unknown',
    'lease-not-yours',
    'commitment-missing',
    'commitment-mismatch',
    'result-shape',
    'range-invalid',
  ]);
  expect(honestUnits).toBeGreaterThan(1_000);
});
