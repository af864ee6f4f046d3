import * as v from 'valibot';
import { openClient } from '#client/client.ts';
import { openCluster } from '#client/cluster.ts';
import { readJob } from '#client/jobs.ts';
import { fundJob, readChain } from '#client/money.ts';
import { readApiKey } from '#node/api-key.ts';
import { Text, Whole } from '#node/flags.ts';
import { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { HubUrl, runTool } from './chain/command-line.ts';
import { depositFor, gridOf } from './chain/money.ts';
import { openWallet } from './chain/wallet.ts';

const HELP = `npm run deposit -- --hub URL --key FILE --job job_… --wallet FILE [--days N]

Puts what a quoted job costs into its escrow, and tells the hub. The job can be started then; what it does not
spend comes back (dashboard).

  --key FILE     where your API key is (or POCKETGRID_KEY holds it)
  --wallet FILE  the wallet that pays, and gets back what is not spent
  --days N       until when the money is the grid's to spend (default 30)`;
const DAY_SECS = 86_400n;

runTool({
  help: HELP,
  flags: {
    hub: HubUrl,
    key: v.exactOptional(Text),
    job: JobId,
    wallet: Text,
    days: v.optional(Whole, '30'),
  },
  async run({ hub: address, key: file, job: id, wallet, days }) {
    const hub = openClient({ hub: address, key: await readApiKey(file, { flag: '--key' }) });
    const { quote } = must(await readJob(hub, id));
    if (quote === undefined) throw new Error('the job has no quote yet: wait until it is "quoted"');
    const chain = must(await readChain(hub));
    const poster = await openWallet(wallet);
    const now = BigInt(Math.floor(Date.now() / 1000));
    const deadline = now + days * DAY_SECS;
    const lamports = BigInt(quote.total);
    const cluster = openCluster({ rpc: new URL(chain.rpc, address), program: chain.program });
    await depositFor(cluster, gridOf(chain), { job: id, lamports, deadline, poster });
    const job = must(await fundJob(hub, { job: id, poster: poster.address }));
    return `${lamports} lamports are in the escrow of ${job.name}; it is ${job.state}.`;
  },
});
