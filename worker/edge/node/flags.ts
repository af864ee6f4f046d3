import { join } from 'node:path';
import * as v from 'valibot';
import { decodeFlags, HttpUrl, numberIn, Switch, Text, wholeIn } from '#node/flags.ts';
import { Fingerprint } from '#node/pinned-agent.ts';
import { Blocks } from '#protocol/api/about.ts';
import { JOB_CATEGORIES } from '#protocol/api/job-words.ts';
import { Donation } from '#protocol/messages/control.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { CHEAT_KINDS } from './fake-cheat.ts';

export const USAGE = `npm run contribute -- --hub URL [options]
  --hub URL        the hub to work for
  --data DIR       where the device key and models are kept (default ./data)
  --name NAME      several contributors on one machine need a name each (default 1)
  --threads N      WebAssembly threads (default 1)
  --hub-key KEY    the public key that the hub must have (default: that of its first welcome)
  --trust-new-hub  trusts another key of the hub from now on
  --print-key      prints the device's public key and ends
  --pin SHA256     the hub's certificate, as npm start -- --lan prints it: that one is accepted and no other
  --payout ADDRESS sends this device's pay there, an address of Solana, once it has accepted work
  --donate JOBS    wants no pay: all, or ids of jobs, with commas between them (default none)
  --block LIST     wants no work of these: ids of jobs (job_…), of who posts them (dev_…), or categories:
                   ${JOB_CATEGORIES.join(', ')}; with commas between them
  --evidence       prints the receipt that this device is banned for, as JSON, and ends
  --cheat RATE     for tests of a grid: a fake cheat that falsifies this share of its units
  --cheat-kind KIND  how: ${CHEAT_KINDS.join(', ')} (default flip)`;

const FLAGS = {
  hub: HttpUrl,
  data: v.optional(Text, 'data'),
  name: v.optional(
    v.pipe(v.string(), v.regex(/^[\w-]{1,40}$/, 'expected letters, digits, - and _')),
    '1',
  ),
  threads: v.optional(wholeIn(1, 64), '1'),
  pin: v.exactOptional(Fingerprint),
  'hub-key': v.exactOptional(PublicKey),
  'trust-new-hub': Switch,
  'print-key': Switch,
  evidence: Switch,
  payout: v.exactOptional(Address),
  donate: v.optional(v.pipe(v.string(), v.transform(readDonation), Donation), 'none'),
  block: v.optional(v.pipe(v.string(), v.transform(readBlocks), Blocks), ''),
  cheat: v.optional(numberIn(0, 1), '0'),
  'cheat-kind': v.optional(v.picklist(CHEAT_KINDS), 'flip'),
};

/** The flags of `npm run contribute`, or `help`; the refusal names the flag. */
export const decodeContributorFlags = (args: string[]) => decodeFlags(FLAGS, { args });

function readDonation(text: string): unknown {
  return text === 'none' || text === 'all' ? text : text.split(',');
}

/** A word that is no id of a job or of who posts some has to be a category. */
function readBlocks(text: string): unknown {
  const words = text.split(',').filter((word) => word !== '');
  const isJob = (word: string) => word.startsWith('job_');
  const isDeveloper = (word: string) => word.startsWith('dev_');
  return {
    jobs: words.filter(isJob),
    developers: words.filter(isDeveloper),
    categories: words.filter((word) => !isJob(word) && !isDeveloper(word)),
  };
}

/** Where a contributor keeps models and what it remembers, and its key. */
export const placesOf = ({ data, name }: { data: string; name: string }) => ({
  folder: join(data, `contributor-${name}`),
  keyFile: join(data, 'keys', `contributor-${name}.json`),
});
