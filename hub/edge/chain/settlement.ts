import * as v from 'valibot';
import { readIfThere, replaceFile } from '#node/files.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { Config, decodeAccount, Escrow, Pool } from '#protocol/settlement/accounts.ts';
import { addressesOf } from '#protocol/settlement/addresses.ts';
import { isSameKey, keyOf, type Layout } from '#protocol/settlement/layout.ts';
import {
  type Address,
  type ChainAccounts,
  ChainView,
  escrowNonce,
} from '#protocol/settlement/money-api.ts';
import { EMPTY_KEY } from '#protocol/settlement/tree.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { accept, PocketgridError, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ChainAccount, ChainReader, Commitment } from './reader.ts';

/** Where a grid settles. */
export interface Settlement {
  /**
   * `chain-missing` until a developer has named the pool; `chain-wrong` when the chain is another
   * one by now.
   */
  view(): Promise<Result<ChainView>>;
  /** The pool that was chosen, whatever the chain says by now. */
  named(): Address | undefined;
  /** Takes these accounts for the grid's, if that is what they are on the chain. */
  choose(accounts: ChainAccounts): Promise<Result<ChainView>>;
  /** The escrow of a job's poster; `job-unfunded` where there is none. */
  escrow(of: EscrowName): Promise<Result<FoundEscrow>>;
  /** The pool as it is now. */
  pool(): Promise<Result<Pool>>;
}

/** Whose escrow, and how sure the chain has to be. */
export interface EscrowName {
  job: JobId;
  poster: Address;
  commitment?: Commitment;
}

/** The escrow of a job, as the chain has it. */
export interface FoundEscrow {
  address: Address;
  escrow: Escrow;
}

/** Which chain a hub reads, and what it tells others of it. */
export interface ChainPlace {
  reader: ChainReader;
  rpc: string;
  local: boolean;
}

/** A hub without a chain: everything on it is done by volunteers. */
export const noSettlement = (): Settlement => {
  const missing = async () =>
    refuse(
      'chain-missing',
      'this hub has no chain, so nothing is paid here: run `npm run chain` and start the hub with --dev-chain http://127.0.0.1:8899, or name a cluster with --rpc-url URL',
    );
  return { view: missing, named: () => undefined, choose: missing, escrow: missing, pool: missing };
};

const Kept = v.omit(ChainView, ['rpc', 'local']);
type Kept = v.InferOutput<typeof Kept>;

/** Opens what a file says of the settlement; the file is written when accounts are chosen. */
export async function openSettlement(file: string, place: ChainPlace): Promise<Settlement> {
  const { reader, rpc, local } = place;
  let kept = await readKept(file);
  /** The chain was seen to be the one that the file is about. */
  let seen = false;
  const show = (value: Kept): ChainView => ({ ...value, rpc, local });

  async function view(): Promise<Result<ChainView>> {
    if (kept === undefined) {
      const message = `no pool has been named on this chain yet: POST /v1/chain names it, as \`npm run chain:init\` does`;
      return refuse('chain-missing', message);
    }
    if (!seen) {
      const genesis = await reader.genesisHash();
      if (!genesis.ok) return genesis;
      if (genesis.value !== kept.genesisHash) return refuse('chain-wrong', otherChain(kept));
      seen = true;
    }
    return accept(show(kept));
  }

  return {
    view,
    named: () => kept?.pool,
    async choose(accounts) {
      const checked = await checkAccounts(reader, accounts);
      if (!checked.ok) return checked;
      await replaceFile(file, new TextEncoder().encode(JSON.stringify(checked.value)));
      kept = checked.value;
      seen = true;
      return accept(show(kept));
    },
    async escrow({ job, poster, commitment }) {
      const chain = await view();
      if (!chain.ok) return chain;
      const { program, pool } = chain.value;
      const nonce = escrowNonce(job);
      const key = addressesOf(keyOf(program)).escrow(keyOf(pool), keyOf(poster), nonce);
      const address = encodeBase58(key) as Address;
      const found = await reader.account(key, commitment);
      if (!found.ok) return found;
      if (found.value === undefined) {
        const message = `${poster} has no escrow for this job: open ${address} with the nonce ${nonce}, and deposit`;
        return refuse('job-unfunded', message);
      }
      const escrow = decodeOwned(Escrow, found.value, { at: address, owner: program });
      return escrow.ok ? accept({ address, escrow: escrow.value }) : escrow;
    },
    async pool() {
      const chain = await view();
      if (!chain.ok) return chain;
      return readAccount(reader, Pool, { at: chain.value.pool, owner: chain.value.program });
    },
  };
}

const otherChain = ({ genesisHash }: Kept) =>
  `this grid settles on the chain ${genesisHash}, and the hub reads another one: start it with the URL of that chain, or name a pool of this one with POST /v1/chain`;

async function readKept(file: string): Promise<Kept | undefined> {
  const bytes = await readIfThere(file);
  if (bytes === undefined) return undefined;
  const kept = decodeJson(Kept, new TextDecoder().decode(bytes), 'storage-failed');
  if (kept.ok) return kept.value;
  const { code, message } = kept.refusal;
  throw new PocketgridError({
    code,
    message: `${file} is damaged (${message}): remove it and name the pool again`,
  });
}

async function checkAccounts(reader: ChainReader, accounts: ChainAccounts): Promise<Result<Kept>> {
  const genesis = await reader.genesisHash();
  if (!genesis.ok) return genesis;
  const config = await readAccount(reader, Config, {
    at: accounts.config,
    owner: accounts.program,
  });
  if (!config.ok) return config;
  const pool = await readAccount(reader, Pool, { at: accounts.pool, owner: accounts.program });
  if (!pool.ok) return pool;
  if (!isSameKey(pool.value.config, keyOf(accounts.config))) {
    return wrong(`the pool is of the config ${encodeBase58(pool.value.config)}`);
  }
  if (!isSameKey(config.value.clusterTag, keyOf(genesis.value))) {
    return wrong(`the config was made for another cluster than ${genesis.value}`);
  }
  if (!isSameKey(pool.value.mint, EMPTY_KEY)) return wrong('the pool is of a token, not of SOL');
  if (pool.value.retired !== 0) return wrong('the pool is retired');
  const { challengeSecs, graceSecs } = config.value;
  return accept({
    ...accounts,
    genesisHash: genesis.value,
    challengeSeconds: Number(challengeSecs),
    graceSeconds: Number(graceSecs),
  });
}

/** The state of an account of the program; refuses what is of another kind or owner. */
async function readAccount<T extends { kind: number; version: number }>(
  reader: ChainReader,
  layout: Layout<T>,
  { at, owner }: { at: Address; owner: Address },
): Promise<Result<T>> {
  const found = await reader.account(keyOf(at));
  if (!found.ok) return found;
  if (found.value === undefined) return wrong(`there is no account ${at}`);
  return decodeOwned(layout, found.value, { at, owner });
}

function decodeOwned<T extends { kind: number; version: number }>(
  layout: Layout<T>,
  account: ChainAccount,
  { at, owner }: { at: Address; owner: Address },
): Result<T> {
  if (account.owner !== owner) return wrong(`${at} is of the program ${account.owner}`);
  const state = decodeAccount(layout, account.data);
  return state.ok ? state : wrong(`${at}: ${state.refusal.message}`);
}

const wrong = (what: string) =>
  refuse('chain-wrong', `${what}; name program, config and pool as this chain has them`);
