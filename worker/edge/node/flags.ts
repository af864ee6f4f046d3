import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { Donation } from '#protocol/messages/control.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { CHEAT_KINDS, type CheatKind } from './fake-cheat.ts';

export const USAGE = `npm run contribute -- --hub URL [options]
  --hub URL        the hub to work for
  --data DIR       where the device key and models are kept (default ./data)
  --name NAME      several contributors on one machine need a name each (default 1)
  --threads N      WebAssembly threads (default 1)
  --print-key      prints the device's public key and ends
  --insecure       accept the self-signed certificate of npm start -- --lan
  --payout ADDRESS sends this device's pay there, an address of Solana, once it has accepted work
  --donate JOBS    wants no pay: all, or ids of jobs, with commas between them (default none)
  --evidence       prints the receipt that this device is banned for, as JSON, and ends
  --cheat RATE     for tests of a grid: a fake cheat that falsifies this share of its units
  --cheat-kind KIND  how: ${CHEAT_KINDS.join(', ')} (default flip)`;

export interface ContributorFlags {
  hub: URL;
  /** Where models and what is remembered are kept. */
  folder: string;
  keyFile: string;
  threads: number;
  insecure: boolean;
  printKey: boolean;
  evidence: boolean;
  payout?: Address;
  donates: Donation;
  cheat: number;
  kind: CheatKind;
}

/** The flags of `npm run contribute`, or a sentence that says what is wrong with them. */
export function decodeFlags(words: string[]): ContributorFlags | 'help' | string {
  const { values } = parseArgs({
    args: words,
    options: {
      hub: { type: 'string' },
      data: { type: 'string', default: 'data' },
      name: { type: 'string', default: '1' },
      threads: { type: 'string', default: '1' },
      insecure: { type: 'boolean', default: false },
      'print-key': { type: 'boolean', default: false },
      evidence: { type: 'boolean', default: false },
      payout: { type: 'string' },
      donate: { type: 'string', default: 'none' },
      cheat: { type: 'string', default: '0' },
      'cheat-kind': { type: 'string', default: 'flip' },
      help: { type: 'boolean', default: false },
    },
  });
  const { hub, data, name, insecure } = values;
  const [threads, cheat] = [Number(values.threads), Number(values.cheat)];
  if (values.help) return 'help';
  if (hub === undefined || !URL.canParse(hub)) return '--hub needs a URL';
  if (!/^[\w-]{1,40}$/.test(name)) return '--name takes letters, digits, - and _';
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    return '--threads takes a whole number from 1 to 64';
  }
  if (!(cheat >= 0 && cheat <= 1)) return '--cheat takes a share from 0 to 1';
  const donates = decodeWith(Donation, readDonation(values.donate));
  if (!donates.ok) return '--donate takes none, all, or at most 100 ids of jobs';
  const payout = decodeWith(v.optional(Address), values.payout);
  if (!payout.ok) return '--payout takes an address of Solana: 32 bytes in base 58';
  const kind = CHEAT_KINDS.find((each) => each === values['cheat-kind']);
  if (kind === undefined) return `--cheat-kind takes one of ${CHEAT_KINDS.join(', ')}`;
  return {
    hub: new URL(hub),
    folder: join(data, `contributor-${name}`),
    keyFile: join(data, 'keys', `contributor-${name}.json`),
    ...{ threads, insecure, cheat, kind },
    printKey: values['print-key'],
    evidence: values.evidence,
    donates: donates.value,
    ...(payout.value === undefined ? {} : { payout: payout.value }),
  };
}

const readDonation = (text: string): unknown =>
  text === 'none' || text === 'all' ? text : text.split(',');
