import { parseArgs } from 'node:util';
import { openClient } from '#client/client.ts';
import { openCluster } from '#client/cluster.ts';
import { nameChain } from '#client/money.ts';
import { hexToBytes } from '#protocol/bytes/digest.ts';
import { keyOf } from '#protocol/settlement/layout.ts';
import { must } from '#protocol/values/refusal.ts';
import { need, readUrl, readWhole, runTool } from './chain/command-line.ts';
import { initPool } from './chain/pool.ts';
import { CLUSTER_TIMES } from './chain/settings.ts';
import { openWallet } from './chain/wallet.ts';

const HELP = `npm run chain:init -- --hub URL --key pg_… --rpc-url URL --program ADDRESS --admin FILE --verifier KEY…

Makes what a grid settles in on a cluster (config, verifiers, pool of SOL, first page), and names it to the hub.
What is there already is left as it is.

  --verifier KEY         a verifier's public key (npm run verifier -- --print-key); once for each
  --quorum N             how many of them have to sign (default: more than half)
  --admin FILE           the wallet that decides from now on, and pays the rent
  --challenge-seconds N  how long a root can be challenged (default ${CLUSTER_TIMES.challengeSecs})
  --grace-seconds N      from asking for a refund to getting it (default ${CLUSTER_TIMES.graceSecs})
  --period-cap LAMPORTS   the most that one period may add (default ${CLUSTER_TIMES.periodCap})`;

runTool(async () => {
  const { values } = parseArgs({
    options: {
      hub: { type: 'string', default: 'http://127.0.0.1:8787' },
      key: { type: 'string' },
      'rpc-url': { type: 'string' },
      program: { type: 'string' },
      admin: { type: 'string' },
      verifier: { type: 'string', multiple: true, default: [] },
      quorum: { type: 'string' },
      'challenge-seconds': { type: 'string', default: String(CLUSTER_TIMES.challengeSecs) },
      'grace-seconds': { type: 'string', default: String(CLUSTER_TIMES.graceSecs) },
      'period-cap': { type: 'string', default: String(CLUSTER_TIMES.periodCap) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return HELP;
  const verifiers = values.verifier.map((hex) => {
    if (/^[0-9a-f]{64}$/.test(hex)) return hexToBytes(hex);
    throw new Error(`--verifier takes a public key of 64 hex digits, not ${hex}`);
  });
  const majority = Math.floor(verifiers.length / 2) + 1;
  const rpc = readUrl('--rpc-url', need('--rpc-url', values['rpc-url']));
  const program = need('--program', values.program);
  const cluster = openCluster({ rpc, program });
  const admin = await openWallet(need('--admin', values.admin));
  const accounts = await initPool(cluster, admin, {
    ...CLUSTER_TIMES,
    program: keyOf(program),
    verifiers,
    quorum: Number(readWhole('--quorum', values.quorum ?? String(majority))),
    challengeSecs: readWhole('--challenge-seconds', values['challenge-seconds']),
    graceSecs: readWhole('--grace-seconds', values['grace-seconds']),
    periodCap: readWhole('--period-cap', values['period-cap']),
  });
  const hub = openClient({
    hub: readUrl('--hub', values.hub).href,
    key: need('--key', values.key),
  });
  const view = must(await nameChain(hub, accounts));
  return `The grid settles in the pool ${view.pool} of ${view.rpc}.`;
});
