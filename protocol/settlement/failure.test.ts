import { describe, expect, it } from 'vitest';
import { describeFailure, describeSilence } from './failure.ts';

describe('a failed transaction', () => {
  it.each([
    [{ InstructionError: [1, { Custom: 75 }] }, [], 'settlement-nothing-due'],
    ['failed: custom program error: 0x49', [], 'settlement-proof-wrong'],
    [
      { InstructionError: [0, { Custom: 1 }] },
      ['Program 11111111111111111111111111111111 failed: custom program error: 0x1'],
      'funds-missing',
    ],
    [
      'custom program error: 0x1',
      ['Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA failed: custom program error: 0x1'],
      'funds-missing',
    ],
    ['InsufficientFundsForFee', [], 'funds-missing'],
    ['Attempt to debit an account but found no record of a prior credit.', [], 'funds-missing'],
    [{ InsufficientFundsForRent: { account_index: 2 } }, [], 'rent-minimum'],
    ['Transaction results in an account (2) with insufficient funds for rent', [], 'rent-minimum'],
    ['Transaction simulation failed: AccountNotFound', [], 'funds-missing'],
    ['Transaction simulation failed: Blockhash not found', [], 'chain-slow'],
    ['Transaction signature verification failure', [], 'wallet-refused'],
    ['something new', [], 'chain-unreachable'],
  ])('%j is %s', (error, logs, code) => {
    expect(describeFailure(error, logs).code).toBe(code);
  });
});

describe('a cluster that is silent', () => {
  it('is slow, or not there', () => {
    const late = Object.assign(new Error('The operation was aborted'), { name: 'TimeoutError' });
    expect(describeSilence('http://x', late).code).toBe('chain-slow');
    expect(describeSilence('http://x', new TypeError('fetch failed')).code).toBe(
      'chain-unreachable',
    );
  });
});
