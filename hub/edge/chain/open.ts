import { join } from 'node:path';
import type { Log } from '../process/log.ts';
import { type ChainPulse, noPulse, openChainPulse } from './pulse.ts';
import { openChainReader, postTo } from './reader.ts';
import { type ChainRelay, openChainRelay } from './relay.ts';
import { noSettlement, openSettlement, type Settlement } from './settlement.ts';

/**
 * Which chain a hub settles on: a development chain or a cluster, by the URL of its JSON-RPC, or
 * none.
 */
export type ChainChoice = 'none' | { url: string; isDev: boolean; deadlineMs?: number };

/** The money side of a hub. */
export interface Money {
  settlement: Settlement;
  pulse: ChainPulse;
  /** Only to a development chain: a cluster is called by pages themselves. */
  relay?: ChainRelay;
}

/**
 * Where a hub passes JSON-RPC on to its development chain: pages and phones reach the hub alone.
 */
export const CHAIN_PATH = '/chain';
const DEADLINE_MS = 10_000;

/**
 * Opens the way to a chain. Nothing here waits for it: a hub starts and works while its chain is
 * silent.
 */
export async function openMoney(data: string, choice: ChainChoice, log: Log): Promise<Money> {
  if (choice === 'none') return { settlement: noSettlement(), pulse: noPulse() };
  const { url, isDev, deadlineMs = DEADLINE_MS } = choice;
  const post = postTo(url);
  const reader = openChainReader(post, deadlineMs);
  const place = { reader, rpc: isDev ? CHAIN_PATH : url, local: isDev };
  const settlement = await openSettlement(join(data, 'chain.json'), place);
  const pulse = openChainPulse(reader, { everyMs: deadlineMs / 2, log });
  return { settlement, pulse, ...(isDev ? { relay: openChainRelay(post, deadlineMs) } : {}) };
}
