import * as v from 'valibot';
import { HttpUrl, numberIn, Port, readFlags, Switch, Text } from '#node/flags.ts';
import { Fingerprint } from '#node/pinned-agent.ts';
import { CheckPolicyText } from '#protocol/checks/check-policy.ts';
import { Address } from '#protocol/settlement/money-api.ts';
import { PublicKey } from '#protocol/values/ids.ts';

/** What `npm run verifier -- --help` prints. */
export const HELP = `npm run verifier -- --hub URL [options]

  --hub URL         the hub to verify for, such as http://127.0.0.1:8787
  --data DIR        where the key, the log and blobs are kept (default ./data)
  --checks POLICY   what to check: trust:UNITS,FLOOR[,VERIFIERS] (default trust:75,0.02) or flat:RATE
  --epoch-minutes M how long one draw seed is in use (default 60)
  --rpc-url URL     your own way to the chain (SOLANA_RPC_URL), instead of the one the hub names
  --program ADDRESS the settlement program to sign for, where it is another than this release knows
  --hub-key KEY     the public key that the hub must have (default: that of its first welcome)
  --trust-new-hub   trusts another key of the hub from now on
  --log-port N      port of the log page on this machine (default 0: any free one)
  --enrol FILE      enrols this verifier with the operator's key in FILE, then goes on
  --print-key       prints this verifier's public key and ends
  --pin SHA256      the hub's certificate, as npm start -- --lan prints it: that one is accepted and no other
`;
const WEEK_MINUTES = 10_080;

const FLAGS = {
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
/** What `npm run verifier` was asked for. */
export type VerifierFlags = Exclude<ReturnType<typeof readVerifierFlags>, 'help'>;

/** Flags of a verifier, or `help`; throws an error that names the flag. */
export function readVerifierFlags() {
  const { SOLANA_RPC_URL: url } = process.env;
  return readFlags(FLAGS, { defaults: url ? { 'rpc-url': url } : {} });
}
