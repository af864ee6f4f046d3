import * as v from 'valibot';
import { addKey } from '#client/keys.ts';
import { Switch, Text, wholeIn } from '#node/flags.ts';
import { describeKey, keyRequestOf } from '#node/key-lines.ts';
import { must } from '#protocol/values/refusal.ts';
import { Lamports } from '#protocol/values/units.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';

const HELP = `pocketgrid keys add NAME [flags]

Makes an API key. Its text is shown this once: the hub keeps its SHA-256 only. Takes an operator's key.

  --operator             it may do everything
  --read-only            it may read jobs, and post and move none
  --days N               it expires then
  --items N              how many items it may have computed in all
  --lamports N           what its jobs may cost in all
  --calls-per-minute N   how often it may call
${HUB_HELP}`;

/** `pocketgrid keys add`. */
export const addKeyCommand = defineCommand({
  name: 'keys add',
  summary: 'makes an API key, for operators',
  help: HELP,
  words: ['name'],
  flags: {
    name: Text,
    operator: Switch,
    'read-only': Switch,
    days: v.exactOptional(wholeIn(1, 36_500)),
    items: v.exactOptional(wholeIn(0, 1e15)),
    lamports: v.exactOptional(Lamports),
    'calls-per-minute': v.exactOptional(wholeIn(1, 1_000_000)),
    ...HUB_FLAGS,
  },
  async run(flags, world) {
    const request = must(keyRequestOf(flags));
    const made = must(await addKey(await openHub(world, placeOf(flags)), request));
    return { lines: [describeKey(made), made.key], json: made };
  },
});
