import { openClient } from '#client/client.ts';
import { openCluster } from '#client/cluster.ts';
import { readChain } from '#client/money.ts';
import { readLeafProof } from '#client/settlements.ts';
import { Text, wholeIn } from '#node/flags.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { HubUrl, runTool } from './chain/command-line.ts';
import { claimFor, gridOf, readFinal, readPaid } from './chain/money.ts';
import { openWallet } from './chain/wallet.ts';

const HELP = `npm run claim -- --hub URL --index N --wallet FILE

Has a contributor paid what the newest final period says, to the address it has linked. Anyone may do that for anyone.

  --index N      the contributor's leaf (npm run contribute -- --payout … prints it)
  --wallet FILE  who pays the fee`;

runTool({
  help: HELP,
  flags: { hub: HubUrl, index: wholeIn(0, Number.MAX_SAFE_INTEGER), wallet: Text },
  async run({ hub: address, index, wallet }) {
    const hub = openClient({ hub: address });
    const chain = must(await readChain(hub));
    const cluster = openCluster({ rpc: new URL(chain.rpc, address), program: chain.program });
    const grid = gridOf(chain);
    const root = await readFinal(cluster, grid);
    if (root === undefined) return 'No period is final yet: nothing can be claimed.';
    const dataHash = bytesToHex(root.dataHash) as Digest;
    const leaf = must(await readLeafProof(hub, { dataHash, side: 'claims', index }));
    const due = BigInt(leaf.cumulative) - (await readPaid(cluster, grid, index));
    if (due <= 0n)
      return `All of it has been paid: ${leaf.cumulative} lamports to ${leaf.recipient}.`;
    const payer = await openWallet(wallet);
    const before = await cluster.balance(keyOf(leaf.recipient));
    const signature = await claimFor(cluster, grid, { leaf, payer });
    const after = await cluster.balance(keyOf(leaf.recipient));
    return `${due} lamports to ${leaf.recipient}: ${before} → ${after} (${signature})`;
  },
});
