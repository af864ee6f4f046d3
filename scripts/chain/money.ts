import type { Cluster } from '#client/cluster.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import { Escrow, findRoot, Page, Pool, pageOf, paidOf } from '#protocol/settlement/accounts.ts';
import { addressesOf } from '#protocol/settlement/addresses.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import { type Key, keyOf } from '#protocol/settlement/layout.ts';
import { type ChainAccounts, escrowNonce, type LeafProof } from '#protocol/settlement/money-api.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { Wallet } from './wallet.ts';

/** The accounts of a grid, as keys. */
export interface Grid {
  program: Key;
  config: Key;
  pool: Key;
}

export const gridOf = ({ program, config, pool }: ChainAccounts): Grid => ({
  program: keyOf(program),
  config: keyOf(config),
  pool: keyOf(pool),
});

export interface Deposit {
  job: JobId;
  lamports: bigint;
  /** Until when the money is the grid's to spend, in seconds since 1970. */
  deadline: bigint;
}

/** Puts money into the escrow of a job, opening it first; what lies there already counts. */
export async function depositFor(
  cluster: Cluster,
  grid: Grid,
  { job, lamports, deadline, poster }: Deposit & { poster: Wallet },
): Promise<void> {
  const { config, pool, program } = grid;
  const instructions = instructionsOf(program);
  const nonce = escrowNonce(job);
  const escrow = addressesOf(program).escrow(pool, poster.key, nonce);
  const there = await cluster.read(Escrow, escrow);
  const missing = lamports - (there?.deposited ?? 0n);
  const at = { payer: poster.key, poster: poster.key, config, pool, escrow };
  const steps: Instruction[] = [];
  if (there === undefined) steps.push(instructions.openEscrow(at, { nonce, deadline }));
  if (missing > 0n) {
    steps.push(instructions.deposit({ ...at, depositor: poster.key }, { amount: missing }));
  }
  if (steps.length > 0) await cluster.send(steps, poster);
}

/** What a contributor was paid so far, by the page of its index. */
export async function readPaid(cluster: Cluster, { program, pool }: Grid, index: number) {
  const page = addressesOf(program).page(pool, pageOf(index).pageNo);
  return paidOf(await cluster.read(Page, page), index);
}

/**
 * Has a contributor paid what the newest final root says, to the address in its leaf. Anyone may;
 * `payer` bears the fee, and the rent of a page that is not there yet.
 */
export async function claimFor(
  cluster: Cluster,
  grid: Grid,
  { leaf, payer }: { leaf: LeafProof; payer: Wallet },
): Promise<string> {
  const { program, pool } = grid;
  const instructions = instructionsOf(program);
  const { pageNo } = pageOf(leaf.index);
  const page = addressesOf(program).page(pool, pageNo);
  const steps: Instruction[] = [];
  if ((await cluster.read(Page, page)) === undefined) {
    steps.push(instructions.createPage({ payer: payer.key, pool, page }, { pageNo }));
  }
  const { period = 0n } = (await cluster.read(Pool, pool)) ?? {};
  steps.push(
    instructions.claim(
      { pool, page, recipient: keyOf(leaf.recipient) },
      { period, index: leaf.index, cumulative: BigInt(leaf.cumulative), walletBump: 0 },
      hexToBytes(leaf.proof),
    ),
  );
  return cluster.send(steps, payer);
}

/** The newest final root of a pool; undefined before the first. */
export async function readFinal(cluster: Cluster, { pool }: Grid) {
  const state = await cluster.read(Pool, pool);
  if (state === undefined) return undefined;
  const root = findRoot(state, state.period);
  return root.ok ? { ...root.value, pulledTotal: state.pulledTotal } : undefined;
}
