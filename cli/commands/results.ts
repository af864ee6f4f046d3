import * as v from 'valibot';
import { Text, wholeIn } from '#node/flags.ts';
import { JobId } from '#protocol/values/ids.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';
import { checkRoom, formatOf, saveResults } from '../jobs/save.ts';
import { orStopped } from '../stopped.ts';

const ITEMS_MAX = 1e12;
const FORMATS = ['jsonl', 'npy', 'safetensors', 'errors', 'files'] as const;

const HELP = `pocketgrid results JOB [-o FILE] [--from N] [--to N] [--format FORMAT] [--output NAME]

Brings the results of a job, in the order of its inputs, to FILE in place of what is there, or to standard output.

  -o, --out FILE  its ending names the format: .jsonl, .npy or .safetensors
  --from N        the first item, counted from 0; --to N: the one behind the last
  --format NAME   jsonl (standard output has it without this), npy, safetensors; errors: lines of JSON of the items
                  that failed; files: the name of each item's file
  --output NAME   of several outputs, the one for npy
${HUB_HELP}`;

/** `pocketgrid results`. */
export const resultsCommand = defineCommand({
  name: 'results',
  summary: 'brings the results of a job',
  help: HELP,
  words: ['job'],
  letters: { out: 'o' },
  flags: {
    job: JobId,
    out: v.exactOptional(Text),
    from: v.exactOptional(wholeIn(0, ITEMS_MAX)),
    to: v.exactOptional(wholeIn(0, ITEMS_MAX)),
    format: v.exactOptional(v.picklist(FORMATS, `expected ${FORMATS.join(', ')}`)),
    output: v.exactOptional(Text),
    ...HUB_FLAGS,
  },
  async run({ job, out, format, from, to, output, ...place }, world) {
    checkRoom(world, out);
    const range = {
      format: format ?? (out === undefined ? 'jsonl' : formatOf(out)),
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(output !== undefined && { output }),
    };
    const hub = await openHub(world, placeOf(place));
    const explain = () => 'stopped; the same command brings them from the start';
    await orStopped(world, explain, () => saveResults(hub, { job, range, out, world }));
    return {
      lines: out === undefined ? [] : [`results of ${job} in ${out}`],
      json: { job, file: out },
    };
  },
});
