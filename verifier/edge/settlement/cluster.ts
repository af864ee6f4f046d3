import { type Cluster, openCluster, type Signer } from '#client/cluster.ts';
import { openKeyFile } from '#node/key-file.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import type { ChainView } from '#protocol/settlement/money-api.ts';
import { encodeTransaction } from '#protocol/settlement/transaction.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { HubHttp } from '../http.ts';

const PAYER_LAMPORTS = { least: 50_000_000n, given: 1_000_000_000n };

/** The way to the chain of a grid: the one the hub names, unless there is another. */
export interface ClusterPlace {
  hub: URL;
  http: HubHttp;
  rpcUrl?: URL | undefined;
}

/** Opens the cluster that a hub settles on. */
export function openGridCluster({ hub, http, rpcUrl }: ClusterPlace, chain: ChainView): Cluster {
  const rpc = rpcUrl ?? new URL(chain.rpc, hub);
  return openCluster({
    rpc,
    program: chain.program,
    ...(rpc.origin === hub.origin ? { send: http.send } : {}),
    explainDelay: (signature) =>
      `${signature} was not confirmed in time: the next round looks whether it counts`,
  });
}

/** The signer whose key lies in a file, made on first use. */
export async function openPayer(file: string): Promise<Signer> {
  const { key, signBytes } = await openKeyFile(file);
  return {
    key: hexToBytes(key),
    sign: (message) => encodeTransaction(message, [signBytes(message.bytes)]),
  };
}

/** Sees that a payer can pay fees: from the local chain's faucet, else `funds-missing`. */
export async function fundPayer(
  cluster: Cluster,
  { key }: Signer,
  { local }: { local: boolean },
): Promise<void> {
  const { least, given } = PAYER_LAMPORTS;
  const balance = await cluster.balance(key);
  if (balance >= least) return;
  if (local) return cluster.airdrop(key, given);
  const message = `${encodeBase58(key)} holds ${balance} lamports and pays the fees of settlement: send it ${least} or more`;
  throw fault('funds-missing', message);
}
