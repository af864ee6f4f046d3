import * as v from 'valibot';
import { openClient } from '#client/client.ts';
import { readLeafProof } from '#client/settlements.ts';
import { Text, wholeIn } from '#node/flags.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { HUB_FLAGS, PIN_HELP, runTool, sendTo, tell } from './chain/command-line.ts';
import { claimFor, readFinal, readPaid } from './chain/money.ts';
import { openSite } from './chain/site.ts';
import { openWallet } from './chain/wallet.ts';

const HELP = `npm run claim -- --hub URL --index N --wallet FILE

Has a contributor paid what the newest final period says, to the address it has linked. Anyone may do that for anyone.
The cluster, the program, the pool and the sum are printed before anything is signed.

  --index N          the contributor's leaf (npm run contribute -- --payout … prints it)
  --wallet FILE      who pays the fee
  --program ADDRESS  the settlement program that you trust, where it is another than this release knows
  --pin SHA256       ${PIN_HELP}`;

runTool({
  help: HELP,
  flags: {
    ...HUB_FLAGS,
    index: wholeIn(0, Number.MAX_SAFE_INTEGER),
    wallet: Text,
    program: v.exactOptional(Address),
  },
  async run({ index, wallet, program, ...place }) {
    const hub = openClient({ hub: place.hub, ...sendTo(place) });
    const { cluster, grid, lines } = await openSite(place, program);
    const root = await readFinal(cluster, grid);
    if (root === undefined) return 'No period is final yet: nothing can be claimed.';
    const dataHash = bytesToHex(root.dataHash) as Digest;
    const leaf = must(await readLeafProof(hub, { dataHash, side: 'claims', index }));
    const due = BigInt(leaf.cumulative) - (await readPaid(cluster, grid, index));
    if (due <= 0n)
      return `All of it has been paid: ${leaf.cumulative} lamports to ${leaf.recipient}.`;
    tell([...lines, `claim: ${due} lamports to ${leaf.recipient}`]);
    const payer = await openWallet(wallet);
    const before = await cluster.balance(keyOf(leaf.recipient));
    const signature = await claimFor(cluster, grid, { leaf, payer });
    const after = await cluster.balance(keyOf(leaf.recipient));
    return `${due} lamports to ${leaf.recipient}: ${before} → ${after} (${signature})`;
  },
});
