import { toJsonSchema } from '@valibot/to-json-schema';
import { ConfigFile } from '#node/config/config-file.ts';
import { HUB_LINES } from '#node/config/hub-flags.ts';
import { START_LINES } from '#node/config/start-flags.ts';
import { VERIFIER_LINES } from '#node/config/verifier-flags.ts';

/** Where they are, from the root of the repository. */
export const CONFIG_FOLDER = 'deploy/generated';
const SCHEMA = 'config.schema.json';

/** The schema of the configuration file for editors, and an example of one, by their names. */
export const printConfigFiles = (): Record<string, string> => ({
  [SCHEMA]: print({ $comment: 'npm run config writes this file', ...schemaOf() }),
  'config.example.json': print({
    $schema: `./${SCHEMA}`,
    hub: examplesOf(HUB_LINES),
    verifier: examplesOf(VERIFIER_LINES),
    start: examplesOf(START_LINES),
  }),
});

/** What a schema of JSON cannot say, such as what a policy looks like, the programs say themselves. */
const schemaOf = () => toJsonSchema(ConfigFile, { typeMode: 'input', errorMode: 'ignore' });

const examplesOf = (lines: Record<string, { example?: unknown }>) =>
  Object.fromEntries(
    Object.entries(lines).flatMap(([name, { example }]) =>
      example === undefined ? [] : [[name, example]],
    ),
  );

const print = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
