import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { CheckPolicyText, NewcomersText } from '#protocol/checks/check-policy.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';
import type { ChainChoice } from './chain/open.ts';
import { LOG_LEVELS } from './process/log.ts';

/** What `npm run hub -- --help` prints. */
export const USAGE = `npm run hub -- [flags]
  --port N             port to listen on (8787; 0 for any free one)
  --host ADDRESS       address to listen on (127.0.0.1; 0.0.0.0 with --lan)
  --data DIR           where everything is kept (./data)
  --lan                HTTPS with a self-signed certificate, for phones on this network
  --verifier-key HEX   enrols a verifier; may be repeated
  --dev-chain URL      settles on this development chain (npm run chain), and passes calls of pages on to it
  --rpc-url URL        settles on this cluster of Solana (SOLANA_RPC_URL), which pages call themselves;
                       without a chain there are volunteers only
  --no-verifier        jobs end without a verifier's last word
  --checks POLICY      how verifiers check (trust:UNITS,FLOOR[,VERIFIERS], flat:RATE; trust:100,0.02)
  --newcomers LIMIT    new devices at once and units for each one more (100,50000; or unlimited)
  --new-key            makes one more developer key and shows it
  --log-level LEVEL    ${LOG_LEVELS.join(', ')} (warn)
  --help`;

const RpcUrl = v.pipe(
  v.string(),
  v.url('expected a URL'),
  v.regex(/^https?:/, 'expected an http or https URL'),
);

const Flags = v.strictObject({
  port: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,5}$/, 'expected a port between 0 and 65535'),
      v.transform(Number),
      v.maxValue(65_535, 'expected a port between 0 and 65535'),
    ),
    '8787',
  ),
  host: v.optional(v.pipe(v.string(), v.minLength(1))),
  data: v.optional(v.pipe(v.string(), v.minLength(1)), 'data'),
  lan: v.optional(v.boolean(), false),
  'verifier-key': v.optional(v.array(PublicKey), []),
  'no-verifier': v.optional(v.boolean(), false),
  'rpc-url': v.optional(RpcUrl),
  'dev-chain': v.optional(RpcUrl),
  checks: v.optional(CheckPolicyText),
  newcomers: v.optional(NewcomersText),
  'new-key': v.optional(v.boolean(), false),
  'log-level': v.optional(v.picklist(LOG_LEVELS), 'warn'),
  help: v.optional(v.boolean(), false),
});
export type Flags = v.InferOutput<typeof Flags>;

/** Command line and environment to flags; the refusal names the flag. */
export function decodeFlags(args: string[], env: { SOLANA_RPC_URL?: string } = {}): Result<Flags> {
  let values: object;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        lan: { type: 'boolean' },
        'verifier-key': { type: 'string', multiple: true },
        'no-verifier': { type: 'boolean' },
        'rpc-url': { type: 'string' },
        'dev-chain': { type: 'string' },
        checks: { type: 'string' },
        newcomers: { type: 'string' },
        'new-key': { type: 'boolean' },
        'log-level': { type: 'string' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse('request-invalid', `${why}; --help lists the flags`);
  }
  if ('dev-chain' in values && 'rpc-url' in values) {
    return refuse('request-invalid', 'a hub settles on one chain: give --dev-chain or --rpc-url');
  }
  const named = 'dev-chain' in values ? values : { ...fromEnvironment(env), ...values };
  const flags = decodeWith(Flags, named, 'request-invalid');
  if (flags.ok) return flags;
  return refuse('request-invalid', `--${flags.refusal.message}; --help lists the flags`);
}

const fromEnvironment = ({ SOLANA_RPC_URL: url }: { SOLANA_RPC_URL?: string }) =>
  url === undefined || url === '' ? {} : { 'rpc-url': url };

/** The chain that the flags name. */
export function chooseChain(flags: Pick<Flags, 'rpc-url' | 'dev-chain'>): ChainChoice {
  const url = flags['dev-chain'] ?? flags['rpc-url'];
  return url === undefined ? 'none' : { url, isDev: flags['dev-chain'] !== undefined };
}
