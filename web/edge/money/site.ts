import { readChain } from '#client/money.ts';
import { Config, Pool } from '#protocol/settlement/accounts.ts';
import { addressesOf } from '#protocol/settlement/addresses.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import { type Key, keyOf } from '#protocol/settlement/layout.ts';
import { ChainView } from '#protocol/settlement/money-api.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { FEE, lackOf, lackSentence } from '../../core/money/lamports.ts';
import { openHub } from '../hub.ts';
import { readStored, writeStored } from '../local-store.ts';
import type { ChainClient } from './chain.ts';
import type { Wallet } from './wallet.ts';

/** Where the money of a grid lies, and the way there. */
export interface MoneySite {
  view: ChainView;
  client: ChainClient;
  config: Key;
  pool: Key;
  addresses: ReturnType<typeof addressesOf>;
  instructions: ReturnType<typeof instructionsOf>;
}

/** The chain as the hub says; the one it last said where the hub is silent. */
export async function findChain(): Promise<Result<ChainView>> {
  const told = await readChain(openHub());
  if (told.ok) {
    writeStored('chain', JSON.stringify(told.value));
    return told;
  }
  if (told.refusal.code !== 'download-failed') return told;
  const kept = decodeJson(ChainView, readStored('chain') ?? '');
  return kept.ok ? kept : told;
}

/** Opens the way to the chain; its library is loaded only now. */
export async function openSite(view: ChainView, origin: string): Promise<Result<MoneySite>> {
  const { openChainClient } = await import('./chain.ts');
  const client = await openChainClient(view, origin);
  if (!client.ok) return client;
  const program = keyOf(view.program);
  return accept({
    view,
    client: client.value,
    config: keyOf(view.config),
    pool: keyOf(view.pool),
    addresses: addressesOf(program),
    instructions: instructionsOf(program),
  });
}

export async function readPool({ client, pool }: MoneySite): Promise<Result<Pool>> {
  const found = await client.read(Pool, pool);
  return found.ok ? present(found.value) : found;
}

export async function readConfig({ client, config }: MoneySite): Promise<Result<Config>> {
  const found = await client.read(Config, config);
  return found.ok ? present(found.value) : found;
}

const present = <T>(found: T | undefined): Result<T> =>
  found === undefined
    ? refuse(
        'chain-wrong',
        'The chain does not hold the pool that the hub names: reload the page; if it stays so, ask whoever runs the hub.',
      )
    : accept(found);

/** What a wallet lacks to pay, and why that can or cannot be helped here. */
interface Supply {
  wallet: Wallet;
  lack: bigint;
}

/** Whether a wallet can pay: where lamports are given away, any can. */
export const checkSupply = ({ view }: MoneySite, { wallet, lack }: Supply): Result<true> =>
  lack === 0n || view.local
    ? accept(true)
    : refuse('funds-missing', lackSentence(lack, wallet.address));

/**
 * Sees to it that a wallet can pay: on a chain whose lamports are free it is given what it lacks.
 */
export async function supply(site: MoneySite, { wallet, lack }: Supply): Promise<Result<true>> {
  const able = checkSupply(site, { wallet, lack });
  return !able.ok || lack === 0n ? able : site.client.airdrop(wallet.key, lack);
}

/** The same, for a transaction that costs its fee alone. */
export async function supplyFee(site: MoneySite, wallet: Wallet): Promise<Result<true>> {
  const [balances, rent] = await Promise.all([
    site.client.balances([wallet.key]),
    site.client.rent(0),
  ]);
  if (!balances.ok) return balances;
  if (!rent.ok) return rent;
  const [balance = 0n] = balances.value;
  return supply(site, { wallet, lack: lackOf({ balance, cost: FEE, rentMinimum: rent.value }) });
}
