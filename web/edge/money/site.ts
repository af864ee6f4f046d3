import { t } from '@lingui/core/macro';
import { readChain } from '#client/money.ts';
import { Config, Pool } from '#protocol/settlement/accounts.ts';
import { addressesOf } from '#protocol/settlement/addresses.ts';
import { checkProgram } from '#protocol/settlement/clusters.ts';
import { instructionsOf } from '#protocol/settlement/instructions.ts';
import { type Key, keyOf } from '#protocol/settlement/layout.ts';
import { ChainView } from '#protocol/settlement/money-api.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { fault, must } from '#protocol/values/refusal.ts';
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
export async function findChain(): Promise<ChainView> {
  const told = await readChain(openHub());
  if (told.ok) {
    writeStored('chain', JSON.stringify(told.value));
    return told.value;
  }
  const kept = decodeJson(ChainView, readStored('chain') ?? '');
  return must(kept.ok && told.refusal.code === 'download-failed' ? kept : told);
}

/** Opens the way to the chain; its library is loaded only now. Refuses a program this page does not know. */
export async function openSite(view: ChainView, origin: string): Promise<MoneySite> {
  const wayOut = t`Ask whoever runs the hub.`;
  const program = keyOf(must(checkProgram(view, { wayOut })));
  const { openChainClient } = await import('./chain.ts');
  return {
    view,
    client: await openChainClient(view, origin),
    config: keyOf(view.config),
    pool: keyOf(view.pool),
    addresses: addressesOf(program),
    instructions: instructionsOf(program),
  };
}

export const readPool = async ({ client, pool }: MoneySite): Promise<Pool> =>
  present(await client.read(Pool, pool));

export const readConfig = async ({ client, config }: MoneySite): Promise<Config> =>
  present(await client.read(Config, config));

function present<T>(found: T | undefined): T {
  if (found !== undefined) return found;
  const message = t`The chain does not hold the pool that the hub names: reload the page; if it stays so, ask whoever runs the hub.`;
  throw fault('chain-wrong', message);
}

/** What a wallet lacks to pay, and why that can or cannot be helped here. */
interface Supply {
  wallet: Wallet;
  lack: bigint;
}

/** Throws where a wallet cannot pay: where lamports are given away, any can. */
export function checkSupply({ view }: MoneySite, { wallet, lack }: Supply): void {
  if (lack === 0n || view.local) return;
  throw fault('funds-missing', lackSentence(lack, wallet.address));
}

/** Sees to it that a wallet can pay: where lamports are free it is given what it lacks. */
export async function supply(site: MoneySite, { wallet, lack }: Supply): Promise<void> {
  checkSupply(site, { wallet, lack });
  if (lack > 0n) await site.client.airdrop(wallet.key, lack);
}

/** The same, for a transaction that costs its fee alone. */
export async function supplyFee(site: MoneySite, wallet: Wallet): Promise<void> {
  const { client } = site;
  const [balance, rentMinimum] = await Promise.all([client.balance(wallet.key), client.rent(0)]);
  return supply(site, { wallet, lack: lackOf({ balance, cost: FEE, rentMinimum }) });
}
