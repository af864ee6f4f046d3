import { type Config, NO_CONFIG } from '#node/config/config-file.ts';
import { START_FLAGS, START_LINES } from '#node/config/start-flags.ts';
import { decodeFlags, describeFlags, type FlagValues } from '#node/flags.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';

export const START_HELP = `Usage: npm start -- [flags]

Brings up a hub, a verifier and a local contributor, posts the sample job and stays up.

${describeFlags(START_LINES)}
`;

export type StartFlags = FlagValues<typeof START_FLAGS>;

/** What the flags of `npm start` share with those of the hub: the file says it of the hub. */
const OF_HUB = ['port', 'data', 'newcomers', 'lan'];

/**
 * Flags of `npm start`, `help` when asked for, or a refusal that says what to correct. What no flag
 * says is as the configuration file has it.
 */
export function decodeStartFlags(
  args: readonly string[],
  { hub, start }: Pick<Config, 'hub' | 'start'> = NO_CONFIG,
): Result<StartFlags | 'help'> {
  const ofHub = Object.entries(hub).filter(([name]) => OF_HUB.includes(name));
  const defaults = { ...Object.fromEntries(ofHub), ...start };
  const flags = decodeFlags(START_FLAGS, { args, defaults });
  if (!flags.ok || flags.value === 'help' || !flags.value.once) return flags;
  if (flags.value['no-sample']) {
    return refuse('request-invalid', '--once waits for the sample job: leave --no-sample out.');
  }
  if (flags.value.contributors > 0) return flags;
  const message = '--once needs someone to compute: give --contributors 1 or more.';
  return refuse('request-invalid', message);
}
