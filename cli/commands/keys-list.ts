import { listKeys } from '#client/keys.ts';
import { describeKey } from '#node/key-lines.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub } from '../hub.ts';

const HELP = `pocketgrid keys list [--hub URL] [--pin SHA256]

Lists the API keys of a hub, the oldest first: id, name, what it may do. Takes an operator's key.

${HUB_HELP}`;

/** `pocketgrid keys list`. */
export const listKeysCommand = defineCommand({
  name: 'keys list',
  summary: 'lists the API keys of a hub, for operators',
  help: HELP,
  flags: { ...HUB_FLAGS },
  async run(place, world) {
    const list = must(await listKeys(await openHub(world, place)));
    return { lines: list.keys.map(describeKey), json: list };
  },
});
