import * as v from 'valibot';
import { openClient } from '#client/client.ts';
import { openCluster } from '#client/cluster.ts';
import { nameChain } from '#client/money.ts';
import { readApiKey } from '#node/api-key.ts';
import { HttpUrl, Text, Whole, wholeIn } from '#node/flags.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { HUB_FLAGS, PIN_HELP, runTool, sendTo } from './chain/command-line.ts';
import { initPool } from './chain/pool.ts';
import { CLUSTER_TIMES } from './chain/settings.ts';
import { openWallet } from './chain/wallet.ts';

const HELP = `npm run chain:init -- --hub URL --key FILE --rpc-url URL --program ADDRESS --admin FILE --verifier KEY…

Makes what a grid settles in on a cluster (config, verifiers, pool of SOL, first page), and names it to the hub.
What is there already is left as it is.

  --key FILE             where an operator's API key is (or POCKETGRID_KEY holds it)
  --verifier KEY         a verifier's public key (npm run verifier -- --print-key); once for each
  --quorum N             how many of them have to sign (default: more than half)
  --admin FILE           the wallet that decides from now on, and pays the rent
  --challenge-seconds N  how long a root can be challenged (default ${CLUSTER_TIMES.challengeSecs})
  --grace-seconds N      from asking for a refund to getting it (default ${CLUSTER_TIMES.graceSecs})
  --pin SHA256           ${PIN_HELP}
  --period-cap LAMPORTS   the most that one period may add (default ${CLUSTER_TIMES.periodCap})`;

const { challengeSecs, graceSecs, periodCap } = CLUSTER_TIMES;

runTool({
  help: HELP,
  flags: {
    ...HUB_FLAGS,
    key: v.exactOptional(Text),
    'rpc-url': HttpUrl,
    program: Address,
    admin: Text,
    verifier: v.optional(v.array(PublicKey), []),
    quorum: v.exactOptional(wholeIn(0, 255)),
    'challenge-seconds': v.optional(Whole, String(challengeSecs)),
    'grace-seconds': v.optional(Whole, String(graceSecs)),
    'period-cap': v.optional(Whole, String(periodCap)),
  },
  async run({ key: file, program, verifier: verifiers, ...flags }) {
    const key = await readApiKey(file, { flag: '--key' });
    const majority = Math.floor(verifiers.length / 2) + 1;
    const rpc = flags['rpc-url'];
    const cluster = openCluster({ rpc, program, ...sendTo(flags, rpc) });
    const admin = await openWallet(flags.admin);
    const accounts = await initPool(cluster, admin, {
      ...CLUSTER_TIMES,
      program: keyOf(program),
      verifiers: verifiers.map(hexToBytes),
      quorum: flags.quorum ?? majority,
      challengeSecs: flags['challenge-seconds'],
      graceSecs: flags['grace-seconds'],
      periodCap: flags['period-cap'],
    });
    const view = must(
      await nameChain(openClient({ hub: flags.hub, key, ...sendTo(flags) }), accounts),
    );
    return `The grid settles in the pool ${view.pool} of ${view.rpc}.`;
  },
});
