import * as v from 'valibot';
import { NewcomersText } from '#protocol/checks/check-policy.ts';
import { type FlagLines, Port, Switch, Text, wholeIn } from '../flags.ts';

/** Passed on to the hub as it is written. */
const Newcomers = v.pipe(
  v.string(),
  v.check((text) => v.is(NewcomersText, text), 'expected a limit such as 100,75000, or unlimited'),
);

/** The flags of `npm start`. */
export const START_FLAGS = {
  config: v.exactOptional(Text),
  once: Switch,
  contributors: v.optional(wholeIn(0, 64), '1'),
  port: v.optional(Port, '8787'),
  data: v.optional(Text, 'data'),
  'no-sample': Switch,
  newcomers: v.exactOptional(Newcomers),
  lan: Switch,
};

/** What `npm start -- --help` and the schema of the configuration file say of them. */
export const START_LINES: FlagLines<typeof START_FLAGS> = {
  config: { takes: 'FILE', says: 'JSON with what no flag says: docs/operators.md' },
  once: { says: 'end after the sample job: status 0 only when its results are right' },
  contributors: { takes: 'N', says: 'local contributors, 0 to 64 (default 1)', example: 1 },
  port: { takes: 'N', says: "the hub's port (default 8787; 0 picks a free one)" },
  data: { takes: 'DIR', says: 'where keys, jobs and results are kept (default ./data)' },
  'no-sample': { says: 'do not post the sample job', example: false },
  newcomers: {
    takes: 'LIMIT',
    says: 'new devices at once and units for each one more (100,75000), or unlimited',
  },
  lan: { says: 'serve HTTPS to other devices on this network' },
};
