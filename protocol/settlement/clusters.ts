import { accept, type Result, refuse } from '../values/refusal.ts';
import { LOCAL_PROGRAM } from './addresses.ts';
import type { Address, ChainView } from './money-api.ts';

interface PublicCluster {
  name: 'mainnet' | 'devnet' | 'testnet';
  /** The settlement program that this release pins there; none where nobody has deployed it. */
  program?: Address;
}

/**
 * The clusters of Solana by genesis hash. Whoever deploys the settlement program on one of them writes its
 * address here, and what signs for money there takes no other.
 */
const PUBLIC_CLUSTERS: ReadonlyMap<string, PublicCluster> = new Map([
  ['5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d', { name: 'mainnet' }],
  ['EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG', { name: 'devnet' }],
  ['4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY', { name: 'testnet' }],
]);

/** The name of a cluster as wallets know it; any that is not public is a development chain. */
export const clusterName = (genesisHash: string): PublicCluster['name'] | 'localnet' =>
  PUBLIC_CLUSTERS.get(genesisHash)?.name ?? 'localnet';

/** What of a hub's chain decides which program may be handed a wallet. */
export type NamedProgram = Pick<ChainView, 'program' | 'genesisHash'>;

/**
 * Checks that a hub names the program which is pinned for its cluster, or the one that the user named.
 * A program that is handed a signature can take what the wallet holds, and a hub can name any. The
 * address on development chains is safe on each cluster, since nobody has a key to it.
 * `wayOut` ends the sentence of the refusal.
 */
export function checkProgram(
  { program, genesisHash }: NamedProgram,
  { named, wayOut }: { named?: Address | undefined; wayOut: string },
): Result<Address> {
  const cluster = PUBLIC_CLUSTERS.get(genesisHash);
  const known = named ?? (cluster === undefined ? LOCAL_PROGRAM : cluster.program);
  if (program === known) return accept(program);
  const place = cluster?.name ?? 'a development chain';
  const expected = known ?? 'none';
  const who = named === undefined ? 'this release knows' : 'you named';
  const message = `The hub names the program ${program} on ${place}, and ${who} ${expected}: nothing was signed. ${wayOut}`;
  return refuse('chain-wrong', message);
}
