import { bytesToHex } from '#protocol/bytes/digest.ts';
import { decodeAccount, findRoot, Pool } from '#protocol/settlement/accounts.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import { LEAF_FILE_BYTES_MAX } from '#protocol/settlement/leaf-file.ts';
import { ChainView } from '#protocol/settlement/money-api.ts';
import { must, PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { SettlementEvidence } from '../../core/audit/settlement.ts';
import { ask } from '../ask.ts';
import { readShards, readVerdicts } from '../audit-evidence.ts';
import { openHubHttp } from '../http.ts';
import { openMoneyReader } from './money-facts.ts';

/**
 * Reads a final epoch of settlement off the chain and everything it is made of off the hub: the newest one, if none
 * is named. Undefined where the grid has no chain, or no epoch is final yet.
 */
export async function readSettlement(
  epoch: number | undefined,
  { hub, insecure, rpcUrl }: { hub: URL; insecure: boolean; rpcUrl?: URL },
): Promise<SettlementEvidence | undefined> {
  const http = openHubHttp(hub, insecure);
  const chain = await ask(http, ChainView, '/v1/chain').catch((error: unknown) => {
    const isMissing = error instanceof PocketgridError && error.refusal.code === 'chain-missing';
    if (isMissing && epoch === undefined) return undefined;
    throw error;
  });
  if (chain === undefined) return undefined;
  const { openReader } = await import('./cluster.ts');
  const rpc = rpcUrl ?? new URL(chain.rpc, hub);
  const reader = openReader(rpc, rpc.origin === hub.origin ? http.fetch : fetch);
  const address = keyOf(chain.pool);
  const [data] = await reader.readAccounts([address]);
  if (data === undefined) {
    const message = `the cluster at ${rpc.href} has no pool ${chain.pool}`;
    throw new PocketgridError(refusal('chain-wrong', message));
  }
  const state = must(decodeAccount(Pool, data));
  if (epoch === undefined && state.epoch === 0n) return undefined;
  const root = must(findRoot(state, epoch === undefined ? state.epoch : BigInt(epoch)));
  const path = `/v1/settlements/${bytesToHex(root.dataHash)}/leaves`;
  const bytes = new Uint8Array(await http.get(path, { bytesMax: LEAF_FILE_BYTES_MAX }));
  const facts = await openMoneyReader(http).read();
  const all = { from: Number.POSITIVE_INFINITY, through: Number.POSITIVE_INFINITY };
  return {
    pool: { address, state },
    root,
    bytes,
    facts,
    shards: await readShards(http, all),
    verdicts: await readVerdicts(http),
  };
}
