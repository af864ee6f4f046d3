import * as v from 'valibot';
import { CheckPolicyText } from '#protocol/checks/check-policy.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { type FlagLines, HttpUrl, numberIn, Port, Switch, Text } from '../flags.ts';
import { Fingerprint } from '../pinned-agent.ts';

const WEEK_MINUTES = 10_080;

/** The flags of `npm run verifier`. */
export const VERIFIER_FLAGS = {
  config: v.exactOptional(Text),
  hub: v.exactOptional(HttpUrl),
  data: v.optional(Text, './data'),
  checks: v.exactOptional(CheckPolicyText),
  'epoch-minutes': v.optional(numberIn(0.01, WEEK_MINUTES), '60'),
  'settle-minutes': v.optional(numberIn(0, WEEK_MINUTES), '10'),
  'rpc-url': v.exactOptional(HttpUrl),
  program: v.exactOptional(Address),
  'hub-key': v.exactOptional(PublicKey),
  'trust-new-hub': Switch,
  'log-port': v.optional(Port, '0'),
  enrol: v.exactOptional(Text),
  'print-key': Switch,
  pin: v.exactOptional(Fingerprint),
};

/** What `npm run verifier -- --help` and the schema of the configuration file say of them. */
export const VERIFIER_LINES: FlagLines<typeof VERIFIER_FLAGS> = {
  config: { takes: 'FILE', says: 'JSON with what no flag says: docs/operators.md' },
  hub: {
    takes: 'URL',
    says: 'the hub to verify for, such as http://127.0.0.1:8787',
    example: 'http://127.0.0.1:8787',
  },
  data: {
    takes: 'DIR',
    says: 'where the key, the log and blobs are kept (default ./data)',
    example: 'verifier-data',
  },
  checks: {
    takes: 'POLICY',
    says: 'what to check: trust:UNITS,FLOOR[,VERIFIERS] (default trust:75,0.02) or flat:RATE',
    example: 'trust:75,0.02',
  },
  'epoch-minutes': {
    takes: 'M',
    says: 'how long one draw seed is in use (default 60)',
    example: 60,
  },
  'settle-minutes': {
    takes: 'M',
    says: 'how often what was earned is settled, where the grid has a chain (default 10; 0: never)',
    example: 10,
  },
  'rpc-url': {
    takes: 'URL',
    says: 'your own way to the chain (SOLANA_RPC_URL), instead of the one the hub names',
  },
  program: {
    takes: 'ADDRESS',
    says: 'the settlement program to sign for, where it is another than this release knows',
  },
  'hub-key': {
    takes: 'KEY',
    says: 'the public key that the hub must have (default: that of its first welcome)',
  },
  'trust-new-hub': { says: 'trusts another key of the hub from now on' },
  'log-port': {
    takes: 'N',
    says: 'port of the log page on this machine (default 0: any free one)',
    example: 8790,
  },
  enrol: {
    takes: 'FILE',
    says: "enrols this verifier with the operator's key in FILE, then goes on",
  },
  'print-key': { says: "prints this verifier's public key and ends" },
  pin: {
    takes: 'SHA256',
    says: "the hub's certificate, as npm start -- --lan prints it: that one is accepted and no other",
  },
};
