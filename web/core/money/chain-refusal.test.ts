import { describe, expect, test } from 'vitest';
import { PROGRAM_ERRORS } from '#protocol/values/program-errors.ts';
import { explainCustom, explainFailure } from './chain-refusal.ts';

const ours = 'Pocket1111111111111111111111111111111111111';
const system = '11111111111111111111111111111111';
const failed = (program: string, number: number) => ({
  message: 'Transaction simulation failed: Error processing Instruction 0',
  logs: [
    `Program ${program} invoke [1]`,
    `Program ${program} failed: custom program error: 0x${number.toString(16)}`,
  ],
});

describe('a refused transaction in words', () => {
  test.each(PROGRAM_ERRORS)('error %d of our program is %s', (number, code) => {
    const { code: found, message } = explainFailure(failed(ours, number), ours);
    expect(found).toBe(code);
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(explainCustom(number).code).toBe(code);
  });

  test('the same number of another program is another reason', () => {
    expect(explainFailure(failed(system, 1), ours).code).toBe('funds-missing');
    expect(explainFailure(failed(ours, 200), ours).code).toBe('internal');
    const [inner, outer] = [failed(system, 1), failed(ours, 1)];
    const called = { message: inner.message, logs: [...inner.logs, ...outer.logs] };
    expect(explainFailure(called, ours).code).toBe('funds-missing');
  });

  test.each([
    ['Transaction simulation failed: InsufficientFundsForRent', 'rent-minimum'],
    ['Attempt to debit an account but found no record of a prior credit.', 'funds-missing'],
    ['Transaction simulation failed: AccountNotFound', 'funds-missing'],
    ['Transaction simulation failed: InsufficientFundsForFee', 'funds-missing'],
    ['Transaction simulation failed: Blockhash not found', 'chain-slow'],
    ['Transaction signature verification failure', 'wallet-refused'],
    ['something new', 'internal'],
  ])('%s', (message, code) => {
    expect(explainFailure({ message, logs: [] }, ours).code).toBe(code);
  });
});
