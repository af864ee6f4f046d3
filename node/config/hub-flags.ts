import * as v from 'valibot';
import { CheckPolicyText, NewcomersText } from '#protocol/checks/check-policy.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { type FlagLines, HttpAddress, Port, Switch, Text } from '../flags.ts';

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
/** From saying nothing to saying everything. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** As browsers name it: scheme, host and port, and nothing else. */
const Origin = v.pipe(
  v.string(),
  v.check(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'expected an origin such as https://grid.example',
  ),
);

/** The flags of `npm run hub`. */
export const HUB_FLAGS = {
  config: v.exactOptional(Text),
  port: v.optional(Port, '8787'),
  host: v.exactOptional(Text),
  data: v.optional(Text, 'data'),
  lan: Switch,
  origin: v.optional(v.array(Origin), []),
  'verifier-key': v.optional(v.array(PublicKey), []),
  'operator-key': v.exactOptional(Text),
  'no-verifier': Switch,
  'rpc-url': v.exactOptional(HttpAddress),
  'dev-chain': v.exactOptional(HttpAddress),
  checks: v.exactOptional(CheckPolicyText),
  newcomers: v.exactOptional(NewcomersText),
  'private-webhooks': Switch,
  'log-level': v.optional(v.picklist(LOG_LEVELS), 'warn'),
};

/** What `npm run hub -- --help` and the schema of the configuration file say of them. */
export const HUB_LINES: FlagLines<typeof HUB_FLAGS> = {
  config: { takes: 'FILE', says: 'JSON with what no flag says: docs/operators.md' },
  port: { takes: 'N', says: 'port to listen on (8787; 0 for any free one)', example: 8787 },
  host: {
    takes: 'ADDRESS',
    says: 'address to listen on (127.0.0.1; 0.0.0.0 with --lan)',
    example: '127.0.0.1',
  },
  data: { takes: 'DIR', says: 'where everything is kept (./data)', example: 'data' },
  lan: { says: 'HTTPS with a self-signed certificate, for phones on this network' },
  origin: {
    takes: 'URL',
    says: 'pages of this origin may connect too, such as of a proxy that hides its name; may be repeated',
    example: ['https://grid.example'],
  },
  'verifier-key': { takes: 'HEX', says: 'enrols a verifier; may be repeated' },
  'operator-key': {
    takes: 'FILE',
    says: "a file with an operator's API key, in place of one that is made and shown at the first start",
  },
  'no-verifier': { says: "jobs end without a verifier's last word" },
  'rpc-url': {
    takes: 'URL',
    says: 'settles on this cluster of Solana (SOLANA_RPC_URL), which pages call themselves; without a chain there are volunteers only',
  },
  'dev-chain': {
    takes: 'URL',
    says: 'settles on this development chain (npm run chain), and passes calls of pages on to it',
  },
  checks: {
    takes: 'POLICY',
    says: 'how verifiers check (trust:UNITS,FLOOR[,VERIFIERS], flat:RATE; trust:75,0.02)',
    example: 'trust:75,0.02',
  },
  newcomers: {
    takes: 'LIMIT',
    says: 'new devices at once and units for each one more (100,75000; or unlimited)',
    example: '100,75000',
  },
  'private-webhooks': {
    says: 'webhooks may go to private addresses and this machine, and by plain HTTP',
  },
  'log-level': { takes: 'LEVEL', says: `${LOG_LEVELS.join(', ')} (warn)`, example: 'info' },
};
