import { readChain } from '#client/money.ts';
import { openMoneyReader } from '#client/money-reader.ts';
import { readLeafFile } from '#client/settlements.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { findRoot, Pool } from '#protocol/settlement/accounts.ts';
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
  place: { hub: URL; pin?: string | undefined; rpcUrl: URL | undefined },
): Promise<SettlementEvidence | undefined> {
  const http = openHubHttp(place.hub, place);
  const { client } = http;
  const found = await readChain(client);
  const isMissing = !found.ok && found.refusal.code === 'chain-missing';
  if (isMissing && period === undefined) return undefined;
  const chain = must(found);
  const { openGridCluster } = await import('./cluster.ts');
  const cluster = openGridCluster({ ...place, http }, chain);
  const address = keyOf(chain.pool);
  const state = await cluster.read(Pool, address);
  if (state === undefined) {
    const message = `the cluster at ${place.rpcUrl ?? chain.rpc} has no pool ${chain.pool}`;
    throw fault('chain-wrong', message);
  }
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
