import { readLeafProof } from '#client/settlements.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { Escrow, findRoot, type Pool } from '#protocol/settlement/accounts.ts';
import { isSameKey, type Key, keyOf } from '#protocol/settlement/layout.ts';
import { type Address, escrowNonce } from '#protocol/settlement/money-api.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import type { Digest, JobId } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
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
): Promise<Result<DepositPlan>> {
  const { client } = site;
  const [escrow, balances, rent, escrowRent] = await Promise.all([
    client.read(Escrow, escrowKey(site, wallet.key, job)),
    client.balances([wallet.key]),
    client.rent(0),
    client.rent(Escrow.bytes),
  ]);
  if (!escrow.ok) return escrow;
  if (!balances.ok) return balances;
  if (!rent.ok) return rent;
  if (!escrowRent.ok) return escrowRent;
  const plan = planDeposit({
    total,
    escrow: escrow.value,
    escrowRent: escrowRent.value,
    balance: balances.value[0] ?? 0n,
    rentMinimum: rent.value,
    now: nowSeconds(),
  });
  if (!plan.ok) return plan;
  const able = checkSupply(site, { wallet, lack: plan.value.lack });
  return able.ok ? plan : able;
}

/** Opens the escrow of a job where there is none, and pays in what is missing: one transaction. */
export async function deposit(
  site: MoneySite,
  wallet: Wallet,
  ask: { job: JobId; total: bigint },
): Promise<Result<true>> {
  const plan = await previewDeposit(site, wallet, ask);
  if (!plan.ok) return plan;
  const { opens, amount, lack } = plan.value;
  if (amount === 0n) return accept(true);
  const supplied = await supply(site, { wallet, lack });
  if (!supplied.ok) return supplied;
  const { config, pool, instructions } = site;
  const escrow = escrowKey(site, wallet.key, ask.job);
  const at = { config, pool, escrow };
  const data = { nonce: escrowNonce(ask.job), deadline: nowSeconds() + DEADLINE_SECONDS };
  const sent = await site.client.send(
    [
      ...(opens
        ? [instructions.openEscrow({ ...at, payer: wallet.key, poster: wallet.key }, data)]
        : []),
      instructions.deposit({ ...at, depositor: wallet.key }, { amount }),
    ],
    wallet,
  );
  return sent.ok ? accept(true) : sent;
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
): Promise<Result<JobEscrow | undefined>> {
  const found = await find(site, job, keyOf(poster));
  if (!found.ok) return found;
  return accept(found.value && { ...found.value.view, poster });
}

async function find(site: MoneySite, job: JobId, poster: Key): Promise<Result<Found | undefined>> {
  const key = escrowKey(site, poster, job);
  const [escrow, pool, config] = await Promise.all([
    site.client.read(Escrow, key),
    readPool(site),
    readConfig(site),
  ]);
  if (!escrow.ok) return escrow;
  if (!pool.ok) return pool;
  if (!config.ok) return config;
  if (escrow.value === undefined) return accept(undefined);
  const leaf = await readSpend(site, pool.value, escrow.value);
  if (!leaf.ok) return leaf;
  const isOurs = leaf.value !== undefined && isSameKey(leaf.value.recipient, key);
  const view = viewEscrow({
    escrow: escrow.value,
    spent: isOurs ? (leaf.value?.cumulative ?? 0n) : 0n,
    pool: pool.value,
    config: config.value,
    now: nowSeconds(),
  });
  return accept({ key, escrow: escrow.value, view, leaf: leaf.value });
}

/** The leaf of an escrow in the last final tree of spends; undefined where the tree has none. */
async function readSpend(
  site: MoneySite,
  pool: Pool,
  { index }: Escrow,
): Promise<Result<ProvenLeaf | undefined>> {
  const { period, spendRoot, spendLeafCount } = pool;
  if (index >= spendLeafCount) return accept(undefined);
  const root = findRoot(pool, period);
  if (!root.ok) return root;
  const { dataHash, total } = root.value;
  const leaf = await readLeafProof(openHub(), {
    dataHash: bytesToHex(dataHash) as Digest,
    side: 'spends',
    index,
  });
  if (!leaf.ok) return leaf;
  const at = { root: spendRoot, total, leafCount: spendLeafCount };
  return proveKept(leaf.value, { tag: 'spend/v1', pool: site.pool, root: at });
}

/** One step towards the rest of a job's money: what `readEscrow` named, in one transaction. */
export async function takeStep(
  site: MoneySite,
  wallet: Wallet,
  { job, poster, type }: { job: JobId; poster: Address; type: RefundStep['type'] },
): Promise<Result<true>> {
  if (wallet.address !== poster) {
    const message = `The escrow belongs to ${poster}: choose that wallet, or take its secret into this browser.`;
    return refuse('settlement-not-poster', message);
  }
  const found = await find(site, job, wallet.key);
  if (!found.ok) return found;
  if (found.value === undefined) return accept(true);
  if (found.value.view.step.type !== type) {
    return refuse('chain-slow', 'The escrow has changed meanwhile: look at it again.');
  }
  const supplied = await supplyFee(site, wallet);
  if (!supplied.ok) return supplied;
  const sent = await site.client.send(stepInstructions(site, wallet, found.value), wallet);
  return sent.ok ? accept(true) : sent;
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
