import { t } from '@lingui/core/macro';
import { type Cluster, openCluster } from '#client/cluster.ts';
import type { ChainView } from '#protocol/settlement/money-api.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { fault, refusal } from '#protocol/values/refusal.ts';
import type { Wallet } from './wallet.ts';

/** The chain as the pages use it: a wallet signs, and hears for which chain. */
export interface ChainClient extends Omit<Cluster, 'send'> {
  send(instructions: readonly Instruction[], wallet: Wallet): Promise<string>;
}

/** Opens the chain of a grid; refuses one that is another cluster than the hub says. */
export async function openChainClient(view: ChainView, origin: string): Promise<ChainClient> {
  const cluster = openCluster({
    rpc: new URL(view.rpc, origin),
    program: view.program,
    explainSilence(error) {
      console.error('the chain does not answer', error);
      return refusal(
        'chain-unreachable',
        t`The chain does not answer. Check that you are online, then try again; your money stays where it is.`,
      );
    },
    explainDelay: () =>
      t`The chain has not confirmed it yet. It may still do so: look again in a minute. Nothing is paid twice.`,
  });
  if ((await cluster.genesisHash()) !== view.genesisHash) {
    throw fault(
      'chain-wrong',
      t`The chain is another one than the hub settles on: reload the page; if it stays so, ask whoever runs the hub.`,
    );
  }
  return {
    ...cluster,
    send: (instructions, wallet) =>
      cluster.send(instructions, {
        key: wallet.key,
        sign: (message) => wallet.sign(message, view),
      }),
  };
}
