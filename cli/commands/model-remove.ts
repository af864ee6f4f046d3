import { removeModel } from '#client/models.ts';
import { ModelName } from '#protocol/api/models.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub } from '../hub.ts';

const HELP = `pocketgrid model remove ID[@REVISION] [--hub URL] [--pin SHA256]

Removes a model that your key added: the newest of this id, or the one of this revision. Jobs that were made of
it go on.

${HUB_HELP}`;

/** `pocketgrid model remove`. */
export const removeCommand = defineCommand({
  name: 'model remove',
  summary: 'removes a model of yours from a hub',
  help: HELP,
  words: ['id'],
  flags: { id: ModelName, ...HUB_FLAGS },
  async run({ id, ...place }, world) {
    const removed = must(await removeModel(await openHub(world, place), id));
    return { lines: [`${id} is removed`], json: removed };
  },
});
