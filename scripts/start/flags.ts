import { parseArgs } from 'node:util';
import { NewcomersText } from '#protocol/checks/check-policy.ts';
import { decodeWith } from '#protocol/values/decode.ts';

export interface StartFlags {
  once: boolean;
  contributors: number;
  port: number;
  data: string;
  sample: boolean;
  lan: boolean;
  newcomers?: string;
}

export const START_HELP = `Usage: npm start -- [flags]

Brings up a hub, a verifier and a local contributor, posts the sample job and stays up.

  --once              end after the sample job: status 0 only when its results are right
  --contributors N    local contributors, 0 to 64 (default 1)
  --port N            the hub's port (default 8787; 0 picks a free one)
  --data DIR          where keys, jobs and results are kept (default ./data)
  --no-sample         do not post the sample job
  --newcomers LIMIT   new devices at once and units for each one more (100,50000), or unlimited
  --lan               serve HTTPS to other devices on this network
  --help              show this
`;

/** Flags of `npm start`, `help` when asked for, or a sentence that says what to correct. */
export function decodeStartFlags(words: readonly string[]): StartFlags | 'help' | Error {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(words);
  } catch (error) {
    return new Error(`${String((error as Error).message).replace(/\.$/, '')}; see --help.`);
  }
  if (values.help) return 'help';
  const contributors = whole(values.contributors, 64);
  if (contributors === undefined) {
    return new Error(`--contributors is a whole number from 0 to 64, not ${values.contributors}.`);
  }
  const port = whole(values.port, 65_535);
  if (port === undefined) {
    return new Error(`--port is a whole number from 0 to 65535, not ${values.port}.`);
  }
  const { once, data, lan } = values;
  const sample = !values['no-sample'];
  if (once && !sample) return new Error('--once waits for the sample job: leave --no-sample out.');
  if (once && contributors === 0) {
    return new Error('--once needs someone to compute: give --contributors 1 or more.');
  }
  const { newcomers } = values;
  if (newcomers === undefined) return { once, contributors, port, data, sample, lan };
  const limit = decodeWith(NewcomersText, newcomers);
  if (!limit.ok) return new Error(`--newcomers: ${limit.refusal.message}.`);
  return { once, contributors, port, data, sample, lan, newcomers };
}

const parse = (words: readonly string[]) =>
  parseArgs({
    args: [...words],
    options: {
      once: { type: 'boolean', default: false },
      contributors: { type: 'string', default: '1' },
      port: { type: 'string', default: '8787' },
      data: { type: 'string', default: 'data' },
      'no-sample': { type: 'boolean', default: false },
      lan: { type: 'boolean', default: false },
      newcomers: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;

function whole(text: string, most: number): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}
