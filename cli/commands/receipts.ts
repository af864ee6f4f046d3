import * as v from 'valibot';
import { readReceipts } from '#client/receipts.ts';
import { Text } from '#node/flags.ts';
import { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';
import { saveFile } from '../jobs/save.ts';

const HELP = `pocketgrid receipts JOB [-o FILE] [--hub URL] [--pin SHA256]

Brings the receipts of a job as JSON: what was computed, by whom, under which signatures. pocketgrid verify FILE
says what they prove.

  -o, --out FILE  where they go, in place of what is there; else to standard output
${HUB_HELP}`;

/** `pocketgrid receipts`. */
export const receiptsCommand = defineCommand({
  name: 'receipts',
  summary: 'brings the receipts of a job',
  help: HELP,
  words: ['job'],
  letters: { out: 'o' },
  flags: { job: JobId, out: v.exactOptional(Text), ...HUB_FLAGS },
  async run({ job, out, ...place }, world) {
    const hub = await openHub(world, placeOf(place));
    const receipts = must(await readReceipts(hub, job, { signal: world.signal }));
    const text = JSON.stringify({ receipts });
    if (out === undefined) return { lines: [text], json: { receipts } };
    await saveFile(out, oneChunk(`${text}\n`));
    const lines = [`${receipts.length} receipts in ${out}`];
    return { lines, json: { file: out, receipts: receipts.length } };
  },
});

async function* oneChunk(text: string) {
  yield new TextEncoder().encode(text);
}
