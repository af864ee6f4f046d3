import { expect, it } from 'vitest';
import { decodeError } from './transaction-error.ts';

it.each([
  ['BlockhashNotFound', 'BlockhashNotFound'],
  ['InstructionError(2, Custom(6001))', { InstructionError: [2, { Custom: 6001 }] }],
  ['InstructionError(0, InvalidAccountData)', { InstructionError: [0, 'InvalidAccountData'] }],
  ['DuplicateInstruction(3)', { DuplicateInstruction: 3 }],
  [
    'InsufficientFundsForRent { account_index: 1 }',
    { InsufficientFundsForRent: { account_index: 1 } },
  ],
])('%s of litesvm is read as Solana says it', (err, named) => {
  const meta = 'TransactionMetadata { logs: ["err: no, meta: none"] }';
  const printed = `FailedTransactionMetadata { err: ${err}, meta: ${meta} }`;
  expect(decodeError(printed)).toEqual(named);
});
