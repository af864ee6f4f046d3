import { openClient } from '#client/client.ts';
import { type Cluster, openCluster } from '#client/cluster.ts';
import { readChain } from '#client/money.ts';
import { checkProgram, clusterName } from '#protocol/settlement/clusters.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { type HubPlace, sendTo } from './command-line.ts';
import { type Grid, gridOf } from './money.ts';

/** Where the money of a hub's grid lies, once its program is one that may be handed a wallet. */
export interface Site {
  cluster: Cluster;
  grid: Grid;
  /** Cluster, program and pool, a line each: what a person reads before anything is signed. */
  lines: string[];
}

/**
 * Opens the chain that a hub names. Refuses a program other than the one this release pins for the
 * cluster, or other than `program`; and a chain that is another cluster than the hub says.
 */
export async function openSite(place: HubPlace, program: Address | undefined): Promise<Site> {
  const { hub } = place;
  const chain = must(await readChain(openClient({ hub, ...sendTo(place) })));
  const wayOut =
    'Ask whoever runs the hub, or name the program that you trust with --program ADDRESS.';
  const trusted = must(checkProgram(chain, { named: program, wayOut }));
  const rpc = new URL(chain.rpc, hub);
  const cluster = openCluster({ rpc, program: trusted, ...sendTo(place, rpc) });
  const genesisHash = await cluster.genesisHash();
  if (genesisHash !== chain.genesisHash) {
    const message = `The hub names the chain ${chain.genesisHash}, and ${chain.rpc} is ${genesisHash}: nothing was signed. Ask whoever runs the hub.`;
    throw fault('chain-wrong', message);
  }
  const lines = [
    `cluster: ${clusterName(genesisHash)} (${genesisHash})`,
    `program: ${trusted}`,
    `pool: ${chain.pool}`,
  ];
  return { cluster, grid: gridOf(chain), lines };
}
