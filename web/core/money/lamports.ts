import { t } from '@lingui/core/macro';
import { formatSol } from '../format.ts';

/** Lamports a network takes for a transaction with one signature. */
export const FEE = 5_000n;

/**
 * What a wallet lacks to pay `cost`. An account that keeps anything has to keep the rent minimum,
 * so what is left over must be nothing or as much as that.
 */
export function lackOf(wallet: { balance: bigint; cost: bigint; rentMinimum: bigint }): bigint {
  const { balance, cost, rentMinimum } = wallet;
  const wanted = cost + rentMinimum;
  return balance === cost || balance >= wanted ? 0n : wanted - balance;
}

/** How a person mends it. */
export const lackSentence = (lack: bigint, address: string): string =>
  t`The wallet needs ${formatSol(lack)} more: send it to ${address}, then try again.`;

/** `Math.min` takes no bigint. */
export function least(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
