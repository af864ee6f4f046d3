import * as v from 'valibot';
import { decodeFlags, HttpAddress, Port, Switch, Text } from '#node/flags.ts';
import { CheckPolicyText, NewcomersText } from '#protocol/checks/check-policy.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import type { ChainChoice } from './chain/open.ts';
import { KEYS_USAGE } from './process/keys-command.ts';
import { LOG_LEVELS } from './process/log.ts';

/** What `npm run hub -- --help` prints. */
export const USAGE = `npm run hub -- [flags]
  --port N             port to listen on (8787; 0 for any free one)
  --host ADDRESS       address to listen on (127.0.0.1; 0.0.0.0 with --lan)
  --data DIR           where everything is kept (./data)
  --lan                HTTPS with a self-signed certificate, for phones on this network
  --origin URL         pages of this origin may connect too, such as of a proxy that hides its name; may be repeated
  --verifier-key HEX   enrols a verifier; may be repeated
  --dev-chain URL      settles on this development chain (npm run chain), and passes calls of pages on to it
  --rpc-url URL        settles on this cluster of Solana (SOLANA_RPC_URL), which pages call themselves;
                       without a chain there are volunteers only
  --no-verifier        jobs end without a verifier's last word
  --checks POLICY      how verifiers check (trust:UNITS,FLOOR[,VERIFIERS], flat:RATE; trust:75,0.02)
  --newcomers LIMIT    new devices at once and units for each one more (100,75000; or unlimited)
  --log-level LEVEL    ${LOG_LEVELS.join(', ')} (warn)
  --help
npm run hub -- backup DIR [--data DIR]
                       copies what a hub keeps into an empty folder, while it runs
${KEYS_USAGE}`;

/** As browsers name it: scheme, host and port, and nothing else. */
const Origin = v.pipe(
  v.string(),
  v.check(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'expected an origin such as https://grid.example',
  ),
);

const FLAGS = {
  port: v.optional(Port, '8787'),
  host: v.exactOptional(Text),
  data: v.optional(Text, 'data'),
  lan: Switch,
  origin: v.optional(v.array(Origin), []),
  'verifier-key': v.optional(v.array(PublicKey), []),
  'no-verifier': Switch,
  'rpc-url': v.exactOptional(HttpAddress),
  'dev-chain': v.exactOptional(HttpAddress),
  checks: v.exactOptional(CheckPolicyText),
  newcomers: v.exactOptional(NewcomersText),
  'log-level': v.optional(v.picklist(LOG_LEVELS), 'warn'),
};

/** Command line and environment to flags or `help`; the refusal names the flag. */
export function decodeHubFlags(args: string[], env: { SOLANA_RPC_URL?: string } = {}) {
  const { SOLANA_RPC_URL: url } = env;
  const isDev = args.some((word) => word.startsWith('--dev-chain'));
  const flags = decodeFlags(FLAGS, { args, defaults: url && !isDev ? { 'rpc-url': url } : {} });
  if (flags.ok && flags.value !== 'help' && isDev && flags.value['rpc-url'] !== undefined) {
    return refuse('request-invalid', 'a hub settles on one chain: give --dev-chain or --rpc-url');
  }
  return flags;
}

/** The words behind `backup`: a folder, and where the hub is. */
export function decodeBackupFlags(words: string[]) {
  const [to, ...args] = words;
  if (to === '--help') return accept('help' as const);
  if (to === undefined || to.startsWith('-')) {
    return refuse('request-invalid', 'say where to: npm run hub -- backup DIR [--data DIR]');
  }
  const flags = decodeFlags({ data: FLAGS.data }, { args });
  if (!flags.ok) return flags;
  return accept(flags.value === 'help' ? flags.value : { to, data: flags.value.data });
}

/** The chain that the flags name. */
export function chooseChain(flags: { 'rpc-url'?: string; 'dev-chain'?: string }): ChainChoice {
  const url = flags['dev-chain'] ?? flags['rpc-url'];
  return url === undefined ? 'none' : { url, isDev: flags['dev-chain'] !== undefined };
}
