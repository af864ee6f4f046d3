import { listModels } from '#client/models.ts';
import type { ModelView } from '#protocol/api/models.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub } from '../hub.ts';
import { showBytes } from '../show-bytes.ts';

const HELP = `pocketgrid model list [--hub URL] [--pin SHA256]

Lists the models of a hub, the newest first: id, revision, dtype, size, and the key that added it.

${HUB_HELP}`;

/** `pocketgrid model list`. */
export const listCommand = defineCommand({
  name: 'model list',
  summary: 'lists the models of a hub',
  help: HELP,
  flags: { ...HUB_FLAGS },
  async run(place, world) {
    const list = must(await listModels(await openHub(world, place), { signal: world.signal }));
    const lines = list.data.map(showModel);
    return { lines: lines.length === 0 ? ['there are no models yet'] : lines, json: list };
  },
});

/** A line about a model: its name first. */
export function showModel({ id, revision, dtype, bytes, owned_by }: ModelView): string {
  const name = revision === undefined ? id : `${id}@${revision}`;
  return [name, dtype ?? [], showBytes(bytes), owned_by].flat().join('  ');
}
