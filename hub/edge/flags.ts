import { HUB_FLAGS, HUB_LINES } from '#node/config/hub-flags.ts';
import { decodeFlags, describeFlags, type FlagTexts } from '#node/flags.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import type { ChainChoice } from './chain/open.ts';
import { KEYS_USAGE } from './process/keys-command.ts';

/** What `npm run hub -- --help` prints. */
export const USAGE = `npm run hub -- [flags]
${describeFlags(HUB_LINES)}
npm run hub -- backup DIR [--data DIR]
                       copies what a hub keeps into an empty folder, while it runs
${KEYS_USAGE}`;

/**
 * Command line, environment and the section of a configuration file to flags or `help`; the refusal
 * names the flag. A flag goes before the environment, and that before the file. The chain is one
 * choice: who names one replaces what is said of it behind him.
 */
export function decodeHubFlags(
  args: readonly string[],
  env: { SOLANA_RPC_URL?: string } = {},
  file: FlagTexts = {},
) {
  const { SOLANA_RPC_URL: url } = env;
  const { 'rpc-url': rpcUrl, 'dev-chain': devChain, ...rest } = file;
  const isNamed = args.some((word) => /^--(?:dev-chain|rpc-url)\b/.test(word));
  const ofFile = {
    ...(rpcUrl && { 'rpc-url': rpcUrl }),
    ...(devChain && { 'dev-chain': devChain }),
  };
  const chain = isNamed ? {} : url ? { 'rpc-url': url } : ofFile;
  const flags = decodeFlags(HUB_FLAGS, { args, defaults: { ...rest, ...chain } });
  if (!flags.ok || flags.value === 'help') return flags;
  if (flags.value['dev-chain'] !== undefined && flags.value['rpc-url'] !== undefined) {
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
  const flags = decodeFlags({ data: HUB_FLAGS.data }, { args });
  if (!flags.ok) return flags;
  return accept(flags.value === 'help' ? flags.value : { to, data: flags.value.data });
}

/** The chain that the flags name. */
export function chooseChain(flags: { 'rpc-url'?: string; 'dev-chain'?: string }): ChainChoice {
  const url = flags['dev-chain'] ?? flags['rpc-url'];
  return url === undefined ? 'none' : { url, isDev: flags['dev-chain'] !== undefined };
}
