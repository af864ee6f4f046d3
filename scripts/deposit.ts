import * as v from 'valibot';
import { openClient } from '#client/client.ts';
import { readJob } from '#client/jobs.ts';
import { fundJob } from '#client/money.ts';
import { readApiKey } from '#node/api-key.ts';
import { Text, Whole } from '#node/flags.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { HUB_FLAGS, PIN_HELP, runTool, sendTo, tell } from './chain/command-line.ts';
import { allowLamports } from './chain/limit.ts';
import { depositFor } from './chain/money.ts';
import { openSite } from './chain/site.ts';
import { openWallet } from './chain/wallet.ts';

const HELP = `npm run deposit -- --hub URL --key FILE --job job_… --wallet FILE --max-lamports N [--days N]

Puts what a quoted job costs into its escrow, and tells the hub. The job can be started then; what it does not
spend comes back (dashboard). The cluster, the program, the pool and the sum are printed before anything is signed.

  --key FILE         where your API key is (or POCKETGRID_KEY holds it)
  --wallet FILE      the wallet that pays, and gets back what is not spent
  --max-lamports N   the most that may go into the escrow, beside its rent; at a terminal it is asked for without
  --program ADDRESS  the settlement program that you trust, where it is another than this release knows
  --pin SHA256       ${PIN_HELP}
  --days N           until when the money is the grid's to spend (default 30)`;
const DAY_SECS = 86_400n;

runTool({
  help: HELP,
  flags: {
    ...HUB_FLAGS,
    key: v.exactOptional(Text),
    job: JobId,
    wallet: Text,
    'max-lamports': v.exactOptional(Whole),
    program: v.exactOptional(Address),
    days: v.optional(Whole, '30'),
  },
  async run({ key: file, job: id, wallet, program, days, ...flags }) {
    const key = await readApiKey(file, { flag: '--key' });
    const hub = openClient({ hub: flags.hub, key, ...sendTo(flags) });
    const { quote } = must(await readJob(hub, id));
    if (quote === undefined) throw new Error('the job has no quote yet: wait until it is "quoted"');
    const lamports = BigInt(quote.total);
    const { cluster, grid, lines } = await openSite(flags, program);
    tell([...lines, `deposit: ${lamports} lamports for ${id}, and the rent of its escrow`]);
    await allowLamports(lamports, flags['max-lamports']);
    const poster = await openWallet(wallet);
    const now = BigInt(Math.floor(Date.now() / 1000));
    const deadline = now + days * DAY_SECS;
    await depositFor(cluster, grid, { job: id, lamports, deadline, poster });
    const job = must(await fundJob(hub, { job: id, poster: poster.address }));
    return `${lamports} lamports are in the escrow of ${job.name}; it is ${job.state}.`;
  },
});
