import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubClient, Send } from '#client/client.ts';
import { type Cluster, openCluster } from '#client/cluster.ts';
import { fundJob, nameChain } from '#client/money.ts';
import { readLeafProof } from '#client/settlements.ts';
import type { JobView } from '#protocol/api/job.ts';
import { bytesToHex, hexToBytes } from '#protocol/bytes/digest.ts';
import { LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import type { LeafProof } from '#protocol/settlement/money-api.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { must, PocketgridError, type Result } from '#protocol/values/refusal.ts';
import { claimFor, depositFor, type Grid, gridOf, readFinal, readPaid } from '../chain/money.ts';
import { initPool } from '../chain/pool.ts';
import { LOCAL_TIMES } from '../chain/settings.ts';
import { openWallet, type Wallet } from '../chain/wallet.ts';

const LAMPORTS = { least: 10_000_000_000n, given: 100_000_000_000n };
const ESCROW_DAYS_SECS = 30 * 86_400;
const SETTLED_MS_MAX = 120_000;
const POLL_MS = 500;
/** How often the verifier settles when there is something new. */
export const SETTLE_MINUTES = 0.1;

/**
 * The money of a grid on its own development chain: it is worth nothing, and flows as it would
 * elsewhere.
 */
export interface Money {
  /**
   * Puts what a job costs into its escrow; gives the call that tells the hub, after which the job
   * may start.
   */
  deposit(job: JobView): Promise<() => Promise<Result<JobView>>>;
  /**
   * Waits until something is final that was not paid yet, and has it paid; undefined when nothing
   * is in time.
   */
  settle(): Promise<Claimed | undefined>;
}

export interface Claimed {
  period: bigint;
  root: string;
  total: bigint;
  recipient: string;
  due: bigint;
  before: bigint;
  after: bigint;
}

export interface MoneyPlace {
  /** The chain. */
  rpc: string | URL;
  api: HubClient;
  data: string;
  /** The verifier's public key, in hex. */
  verifier: string;
  send: Send;
}

/** Makes the pool of a grid where there is none, and names it to the hub. */
export async function openMoney(place: MoneyPlace): Promise<Money> {
  const { rpc, api, data, verifier, send } = place;
  const cluster = openCluster({ rpc: new URL(rpc), program: LOCAL_PROGRAM, send });
  const operator = await openFunded(cluster, walletFile(data, 'operator'));
  const accounts = await initPool(cluster, operator, {
    ...LOCAL_TIMES,
    program: keyOf(LOCAL_PROGRAM),
    verifiers: [hexToBytes(verifier)],
    quorum: 1,
  });
  const grid = gridOf(must(await nameChain(api, accounts)));
  const poster = await openFunded(cluster, walletFile(data, 'developer'));
  return {
    async deposit({ id, quote }) {
      const lamports = BigInt(quote?.total ?? 0);
      const deadline = BigInt(Math.floor(Date.now() / 1000) + ESCROW_DAYS_SECS);
      await depositFor(cluster, grid, { job: id, lamports, deadline, poster });
      return () => fundJob(api, { job: id, poster: poster.address });
    },
    settle: () => claimNewest({ api, cluster, grid, payer: operator }),
  };
}

/** The address that the pay of a local contributor goes to; its key lies in the data folder. */
export const openPayout = async (data: string, number: number): Promise<string> =>
  (await openWallet(walletFile(data, `contributor-${number}`), { make: true })).address;

const walletFile = (data: string, name: string) => join(data, 'keys', `${name}-wallet.json`);

async function openFunded(cluster: Cluster, file: string): Promise<Wallet> {
  const wallet = await openWallet(file, { make: true });
  if ((await cluster.balance(wallet.key)) < LAMPORTS.least) {
    await cluster.airdrop(wallet.key, LAMPORTS.given);
  }
  return wallet;
}

interface Claiming {
  api: HubClient;
  cluster: Cluster;
  grid: Grid;
  payer: Wallet;
}

/** False where it is too little for a new account: it waits until there is more. */
async function claimNow(
  { cluster, grid, payer }: Omit<Claiming, 'api'>,
  leaf: LeafProof,
): Promise<boolean> {
  try {
    await claimFor(cluster, grid, { leaf, payer });
    return true;
  } catch (error) {
    if (error instanceof PocketgridError && error.refusal.code === 'rent-minimum') return false;
    throw error;
  }
}

async function claimNewest({ api, cluster, grid, payer }: Claiming): Promise<Claimed | undefined> {
  const until = Date.now() + SETTLED_MS_MAX;
  for (; Date.now() < until; await sleep(POLL_MS)) {
    const root = await readFinal(cluster, grid);
    if (root === undefined || root.pulledTotal < root.total) continue;
    const dataHash = bytesToHex(root.dataHash) as Digest;
    for (let index = root.leafCount - 1; index >= 0; index -= 1) {
      const leaf = must(await readLeafProof(api, { dataHash, side: 'claims', index }));
      const due = BigInt(leaf.cumulative) - (await readPaid(cluster, grid, index));
      if (due <= 0n) continue;
      const { recipient } = leaf;
      const before = await cluster.balance(keyOf(recipient));
      if (!(await claimNow({ cluster, grid, payer }, leaf))) continue;
      const after = await cluster.balance(keyOf(recipient));
      const { period, total } = root;
      return { period, root: bytesToHex(root.claimRoot), total, recipient, due, before, after };
    }
  }
  return undefined;
}
