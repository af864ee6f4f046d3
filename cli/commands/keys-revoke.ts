import { revokeKey } from '#client/keys.ts';
import { DeveloperId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';

const HELP = `pocketgrid keys revoke ID [--hub URL] [--pin SHA256]

Revokes an API key, at once and for good. Its jobs go on. Takes an operator's key.

${HUB_HELP}`;

/** `pocketgrid keys revoke`. */
export const revokeKeyCommand = defineCommand({
  name: 'keys revoke',
  summary: 'revokes an API key, for operators',
  help: HELP,
  words: ['id'],
  flags: { id: DeveloperId, ...HUB_FLAGS },
  async run({ id, ...place }, world) {
    must(await revokeKey(await openHub(world, placeOf(place)), id));
    return { lines: [`${id} is revoked`], json: { id, revoked: true } };
  },
});
