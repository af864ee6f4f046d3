import { describeProgramError } from '../values/program-errors.ts';
import { type Refusal, type RefusalCode, refusal } from '../values/refusal.ts';

/** The system and the token program's own number for too little money. */
const MONEY_MISSING = 1;
/** Which of them failed first: what it says then is not ours. */
const OTHERS = /Program (1{32}|TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA) failed/;

/** What clusters and their libraries say of a transaction that no program of ours refused. */
const OTHER_REASONS: readonly [said: RegExp, RefusalCode, message: string][] = [
  [
    /InsufficientFundsForRent|InvalidRentPayingAccount|insufficient funds for rent/i,
    'rent-minimum',
    'an account would be left with less than the rent minimum: wait until more is payable, or add some SOL at once',
  ],
  [
    /InsufficientFundsForFee|AccountNotFound|no record of a prior credit/i,
    'funds-missing',
    'the wallet holds too little for this and its fee: send it some SOL, then try again',
  ],
  [/blockhash ?not ?found/i, 'chain-slow', 'the transaction came too late to the chain: try again'],
  [
    /signature/i,
    'wallet-refused',
    'the chain does not take this signature: choose the wallet again, then sign once more',
  ],
];

/**
 * What a failed transaction says: a refusal of the settlement program by its number, or what an
 * account lacks.
 */
export function describeFailure(error: unknown, logs: readonly string[] = []): Refusal {
  const said = error instanceof Error ? error.message : error;
  const text = [typeof said === 'string' ? said : JSON.stringify(said), ...logs].join('\n');
  const custom = /"Custom":\s*(\d+)/.exec(text)?.[1];
  const hex = /custom program error: 0x([0-9a-f]+)/i.exec(text)?.[1];
  const number = custom === undefined ? Number.parseInt(hex ?? '', 16) : Number(custom);
  const isMoney = number === MONEY_MISSING && OTHERS.test(text);
  const reason = isMoney ? 'InsufficientFundsForFee' : text;
  const known = isMoney ? undefined : describeProgramError(number);
  if (known !== undefined) return refusal(known.code, known.message);
  const [, code, message] = OTHER_REASONS.find(([pattern]) => pattern.test(reason)) ?? [];
  if (code !== undefined && message !== undefined) return refusal(code, message);
  return refusal('chain-unreachable', `the cluster refused a transaction: ${text.slice(0, 400)}`);
}

/** What a call that got no answer says: a cluster that is slow, or not there. */
export function describeSilence(origin: string, error: unknown): Refusal {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  if (/abort|time.?out/i.test(text)) {
    return refusal('chain-slow', `${origin} did not answer in time: try again in a minute`);
  }
  const message = `${origin} does not answer as a cluster does (${text.slice(0, 200)}): check the address and the network, and try again`;
  return refusal('chain-unreachable', message);
}
