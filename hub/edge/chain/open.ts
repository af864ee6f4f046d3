import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Chain } from './chain.ts';
import { openChainReader, postTo } from './reader.ts';
import { noSettlement, openSettlement, type Settlement } from './settlement.ts';

/** Which chain a hub settles on: one of its own, one elsewhere, or none. */
export type ChainChoice = 'hosted' | 'none' | { url: string };

/** The money side of a hub. */
export interface Money {
  settlement: Settlement;
  /** Only where the hub hosts it. */
  chain?: Chain;
}

/** JSON-RPC by POST, and its subscriptions by WebSocket. */
export const CHAIN_PATH = '/chain';

/** Opens the chain of a data directory, or the way to one elsewhere. */
export async function openMoney(data: string, choice: ChainChoice, log: Log): Promise<Money> {
  if (choice === 'none') return { settlement: noSettlement() };
  const file = join(data, 'chain.json');
  if (choice !== 'hosted') {
    const reader = openChainReader(postTo(choice.url));
    return { settlement: await openSettlement(file, { reader, rpc: choice.url, local: false }) };
  }
  const chain = await openHostedChain(join(data, 'chain'), log);
  if (chain === undefined) return { settlement: noSettlement() };
  const reader = openChainReader((body) =>
    chain.answer(new Request(`http://hub${CHAIN_PATH}`, { method: 'POST', body })),
  );
  const settlement = await openSettlement(file, { reader, rpc: CHAIN_PATH, local: true });
  return { settlement, chain };
}

/** Without an SVM for this platform there is no chain here; volunteers need none. */
async function openHostedChain(folder: string, log: Log): Promise<Chain | undefined> {
  let library: typeof import('./chain.ts');
  try {
    library = await import('./chain.ts');
  } catch (error) {
    log.warn({ error: String(error) }, 'no SVM here: name a chain with --rpc-url');
    return undefined;
  }
  const { readLocalProgram } = await import('./local-program.ts');
  return library.openChain(folder, { programs: [await readLocalProgram()] });
}
