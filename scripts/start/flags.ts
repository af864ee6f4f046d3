import * as v from 'valibot';
import { decodeFlags, Port, Switch, Text, wholeIn } from '#node/flags.ts';
import { NewcomersText } from '#protocol/checks/check-policy.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';

export const START_HELP = `Usage: npm start -- [flags]

Brings up a hub, a verifier and a local contributor, posts the sample job and stays up.

  --once              end after the sample job: status 0 only when its results are right
  --contributors N    local contributors, 0 to 64 (default 1)
  --port N            the hub's port (default 8787; 0 picks a free one)
  --data DIR          where keys, jobs and results are kept (default ./data)
  --no-sample         do not post the sample job
  --newcomers LIMIT   new devices at once and units for each one more (100,75000), or unlimited
  --lan               serve HTTPS to other devices on this network
  --help              show this
`;

/** Passed on to the hub as it is written. */
const Newcomers = v.pipe(
  v.string(),
  v.check((text) => v.is(NewcomersText, text), 'expected a limit such as 100,75000, or unlimited'),
);

const FLAGS = {
  once: Switch,
  contributors: v.optional(wholeIn(0, 64), '1'),
  port: v.optional(Port, '8787'),
  data: v.optional(Text, 'data'),
  'no-sample': Switch,
  lan: Switch,
  newcomers: v.exactOptional(Newcomers),
};
export type StartFlags = v.InferOutput<v.StrictObjectSchema<typeof FLAGS, undefined>>;

/** Flags of `npm start`, `help` when asked for, or a refusal that says what to correct. */
export function decodeStartFlags(args: readonly string[]): Result<StartFlags | 'help'> {
  const flags = decodeFlags(FLAGS, { args });
  if (!flags.ok || flags.value === 'help' || !flags.value.once) return flags;
  if (flags.value['no-sample']) {
    return refuse('request-invalid', '--once waits for the sample job: leave --no-sample out.');
  }
  if (flags.value.contributors > 0) return flags;
  const message = '--once needs someone to compute: give --contributors 1 or more.';
  return refuse('request-invalid', message);
}
