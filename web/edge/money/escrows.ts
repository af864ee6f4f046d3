import { t } from '@lingui/core/macro';
import { readLeafProof } from '#client/settlements.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { Escrow, findRoot, type Pool } from '#protocol/settlement/accounts.ts';
import { isSameKey, type Key, keyOf } from '#protocol/settlement/layout.ts';
import { type Address, escrowNonce } from '#protocol/settlement/money-api.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import type { Digest, JobId } from '#protocol/values/ids.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import {
  DEADLINE_SECONDS,
  type DepositPlan,
  type EscrowView,
  type JobEscrow,
  planDeposit,
  type RefundStep,
  viewEscrow,
} from '../../core/money/escrow.ts';
import { type ProvenLeaf, proveKept } from '../../core/money/proof.ts';
import { openHub } from '../hub.ts';
import { checkSupply, type MoneySite, readConfig, readPool, supply, supplyFee } from './site.ts';
import type { Wallet } from './wallet.ts';

const nowSeconds = (): bigint => BigInt(Math.floor(Date.now() / 1000));

const escrowKey = ({ addresses, pool }: MoneySite, poster: Key, job: JobId): Key =>
  addresses.escrow(pool, poster, escrowNonce(job));

/** What funding a job takes from this wallet. */
export async function previewDeposit(
  site: MoneySite,
  wallet: Wallet,
  { job, total }: { job: JobId; total: bigint },
): Promise<DepositPlan> {
  const { client } = site;
  const [escrow, balance, rentMinimum, escrowRent] = await Promise.all([
    client.read(Escrow, escrowKey(site, wallet.key, job)),
    client.balance(wallet.key),
    client.rent(0),
    client.rent(Escrow.bytes),
  ]);
  const ask = { total, escrow, escrowRent, balance, rentMinimum, now: nowSeconds() };
  const plan = must(planDeposit(ask));
  checkSupply(site, { wallet, lack: plan.lack });
  return plan;
}

/** Opens the escrow of a job where there is none, and pays in what is missing: one transaction. */
export async function deposit(
  site: MoneySite,
  wallet: Wallet,
  ask: { job: JobId; total: bigint },
): Promise<void> {
  const { opens, amount, lack } = await previewDeposit(site, wallet, ask);
  if (amount === 0n) return;
  await supply(site, { wallet, lack });
  const { config, pool, instructions } = site;
  const escrow = escrowKey(site, wallet.key, ask.job);
  const at = { config, pool, escrow };
  const data = { nonce: escrowNonce(ask.job), deadline: nowSeconds() + DEADLINE_SECONDS };
  await site.client.send(
    [
      ...(opens
        ? [instructions.openEscrow({ ...at, payer: wallet.key, poster: wallet.key }, data)]
        : []),
      instructions.deposit({ ...at, depositor: wallet.key }, { amount }),
    ],
    wallet,
  );
}

interface Found {
  key: Key;
  escrow: Escrow;
  view: EscrowView;
  /** Its own or another's, at its place in the newest final tree of spends. */
  leaf: ProvenLeaf | undefined;
}

/** Where the money of a job stands; undefined once its escrow is closed. */
export async function readEscrow(
  site: MoneySite,
  job: JobId,
  poster: Address,
): Promise<JobEscrow | undefined> {
  const found = await find(site, job, keyOf(poster));
  return found && { ...found.view, poster };
}

async function find(site: MoneySite, job: JobId, poster: Key): Promise<Found | undefined> {
  const key = escrowKey(site, poster, job);
  const [escrow, pool, config] = await Promise.all([
    site.client.read(Escrow, key),
    readPool(site),
    readConfig(site),
  ]);
  if (escrow === undefined) return undefined;
  const leaf = await readSpend(site, pool, escrow);
  const spent = leaf !== undefined && isSameKey(leaf.recipient, key) ? leaf.cumulative : 0n;
  return {
    key,
    escrow,
    view: viewEscrow({ escrow, spent, pool, config, now: nowSeconds() }),
    leaf,
  };
}

/** The leaf of an escrow in the last final tree of spends; undefined where the tree has none. */
async function readSpend(
  site: MoneySite,
  pool: Pool,
  { index }: Escrow,
): Promise<ProvenLeaf | undefined> {
  const { period, spendRoot, spendLeafCount } = pool;
  if (index >= spendLeafCount) return undefined;
  const { dataHash: hash, total } = must(findRoot(pool, period));
  const dataHash = bytesToHex(hash) as Digest;
  const leaf = must(await readLeafProof(openHub(), { dataHash, side: 'spends', index }));
  const at = { root: spendRoot, total, leafCount: spendLeafCount };
  return must(proveKept(leaf, { tag: 'spend/v1', pool: site.pool, root: at }));
}

/** One step towards the rest of a job's money: what `readEscrow` named, in one transaction. */
export async function takeStep(
  site: MoneySite,
  wallet: Wallet,
  { job, poster, type }: { job: JobId; poster: Address; type: RefundStep['type'] },
): Promise<void> {
  if (wallet.address !== poster) {
    const message = t`The escrow belongs to ${poster}: choose that wallet, or take its secret into this browser.`;
    throw fault('settlement-not-poster', message);
  }
  const found = await find(site, job, wallet.key);
  if (found === undefined) return;
  if (found.view.step.type !== type) {
    throw fault('chain-slow', t`The escrow has changed meanwhile: look at it again.`);
  }
  await supplyFee(site, wallet);
  await site.client.send(stepInstructions(site, wallet, found), wallet);
}

function stepInstructions(
  { instructions, config, pool: poolKey }: MoneySite,
  { key: poster }: Wallet,
  { key: escrow, escrow: { rentPayer }, view, leaf }: Found,
): Instruction[] {
  const at = { config, pool: poolKey, escrow, poster };
  switch (view.step.type) {
    case 'ask':
      return [instructions.requestRefund(at)];
    case 'finalize':
      return [instructions.finalizeRoot(at)];
    case 'refund': {
      const { recipient = EMPTY_KEY, cumulative = 0n, proof = new Uint8Array() } = leaf ?? {};
      return [instructions.refund(at, { walletBump: 0, recipient, cumulative }, proof)];
    }
    case 'close':
      return [instructions.closeEscrow({ ...at, rentPayer })];
    default:
      return [];
  }
}
