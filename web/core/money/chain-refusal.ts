import { describeProgramError } from '#protocol/values/program-errors.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';

const FAILED = /^Program (\S+) failed: custom program error: 0x([0-9a-f]+)$/;
const FUNDS = 'The wallet holds too little for this and its fee: send it some SOL, then try again.';

/** What JSON-RPC says of a transaction that was tried and refused. */
export interface Failure {
  message: string;
  logs: readonly string[];
}

/**
 * Why a transaction was refused, as a code and a sentence with the way out. `program`: ours, in
 * base 58.
 */
export function explainFailure({ message, logs }: Failure, program: string): Refusal {
  // A program that another one called fails first; the caller then fails with the same number.
  const [, by, number = ''] = logs.map((line) => FAILED.exec(line)).find(Boolean) ?? [];
  if (by === program) return explainCustom(Number.parseInt(number, 16));
  // The system program's only own error in a transfer: the sender has less than it sends.
  if (by !== undefined) return refusal('funds-missing', FUNDS);
  return explainMessage(message);
}

/** The custom error of an instruction of ours. */
export function explainCustom(number: number): Refusal {
  const known = describeProgramError(number);
  if (known === undefined) {
    const message = `The settlement program gave error ${number}, which this page does not know: reload it, it may be older than the program.`;
    return refusal('internal', message);
  }
  return refusal(known.code, `${capitalise(known.message)}.`);
}

function explainMessage(message: string): Refusal {
  if (/insufficient ?funds ?for ?rent|InvalidRentPayingAccount/i.test(message)) {
    return refusal(
      'rent-minimum',
      'An account would be left with less than the network’s rent minimum: wait until more is payable, or add some SOL first.',
    );
  }
  if (/insufficient|AccountNotFound|no record of a prior credit/i.test(message)) {
    return refusal('funds-missing', FUNDS);
  }
  if (/blockhash ?not ?found/i.test(message)) {
    return refusal('chain-slow', 'The transaction came too late to the chain: try again.');
  }
  if (/signature/i.test(message)) {
    return refusal(
      'wallet-refused',
      'The chain does not take this signature: choose the wallet again, then sign once more.',
    );
  }
  return refusal('internal', `The chain refused the transaction: ${message.slice(0, 300)}`);
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
