import { join } from 'node:path';
import * as v from 'valibot';
import { decodeFlags, HttpUrl, numberIn, Switch, Text, wholeIn } from '#node/flags.ts';
import { Fingerprint } from '#node/pinned-agent.ts';
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
  cheat: v.optional(numberIn(0, 1), '0'),
  'cheat-kind': v.optional(v.picklist(CHEAT_KINDS), 'flip'),
};

/** The flags of `npm run contribute`, or `help`; the refusal names the flag. */
export const decodeContributorFlags = (args: string[]) => decodeFlags(FLAGS, { args });

function readDonation(text: string): unknown {
  return text === 'none' || text === 'all' ? text : text.split(',');
}

/** Where a contributor keeps models and what it remembers, and its key. */
export const placesOf = ({ data, name }: { data: string; name: string }) => ({
  folder: join(data, `contributor-${name}`),
  keyFile: join(data, 'keys', `contributor-${name}.json`),
});
