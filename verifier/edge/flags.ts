import { VERIFIER_FLAGS, VERIFIER_LINES } from '#node/config/verifier-flags.ts';
import { describeFlags, type FlagTexts, readFlags } from '#node/flags.ts';

/** What `npm run verifier -- --help` prints. */
export const HELP = `npm run verifier -- --hub URL [options]

${describeFlags(VERIFIER_LINES)}
`;

/** What `npm run verifier` was asked for. */
export type VerifierFlags = Exclude<ReturnType<typeof readVerifierFlags>, 'help'>;

/**
 * Flags of a verifier, or `help`; throws an error that names the flag. `file`: the section of a
 * configuration file, behind flags and environment.
 */
export function readVerifierFlags(file: FlagTexts = {}) {
  const { SOLANA_RPC_URL: url } = process.env;
  return readFlags(VERIFIER_FLAGS, { defaults: { ...file, ...(url && { 'rpc-url': url }) } });
}
