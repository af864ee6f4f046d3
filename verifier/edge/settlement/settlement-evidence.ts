import { readChain } from '#client/money.ts';
import { openMoneyReader } from '#client/money-reader.ts';
import { readLeafFile } from '#client/settlements.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { decodeAccount, findRoot, Pool } from '#protocol/settlement/accounts.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import type { SettlementEvidence } from '../../core/audit/settlement.ts';
import { readShards, readVerdicts } from '../audit-evidence.ts';
import { openHubHttp } from '../http.ts';

/**
 * Reads a final period of settlement off the chain and everything it is made of off the hub: the
 * newest one, if none is named. Undefined where the grid has no chain, or no period is final yet.
 */
export async function readSettlement(
  period: number | undefined,
  { hub, insecure, rpcUrl }: { hub: URL; insecure: boolean; rpcUrl?: URL },
): Promise<SettlementEvidence | undefined> {
  const http = openHubHttp(hub, insecure);
  const { client } = http;
  const found = await readChain(client);
  const isMissing = !found.ok && found.refusal.code === 'chain-missing';
  if (isMissing && period === undefined) return undefined;
  const chain = must(found);
  const { openReader } = await import('./cluster.ts');
  const rpc = rpcUrl ?? new URL(chain.rpc, hub);
  const reader = openReader(rpc, rpc.origin === hub.origin ? http.fetch : fetch);
  const address = keyOf(chain.pool);
  const [data] = await reader.readAccounts([address]);
  if (data === undefined) {
    const message = `the cluster at ${rpc.href} has no pool ${chain.pool}`;
    throw fault('chain-wrong', message);
  }
  const state = must(decodeAccount(Pool, data));
  if (period === undefined && state.period === 0n) return undefined;
  const root = must(findRoot(state, period === undefined ? state.period : BigInt(period)));
  const bytes = must(await readLeafFile(client, bytesToHex(root.dataHash) as Digest));
  const facts = await openMoneyReader(client).read();
  const all = { from: Number.POSITIVE_INFINITY, through: Number.POSITIVE_INFINITY };
  return {
    pool: { address, state },
    root,
    bytes,
    facts,
    shards: must(await readShards(client, all)),
    verdicts: must(await readVerdicts(client)),
  };
}
