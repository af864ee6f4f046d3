import { listKeys } from '#client/keys.ts';
import type { KeyView } from '#protocol/api/keys.ts';
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
    return { lines: list.keys.map(showKey), json: list };
  },
});

/** A line about a key: its id first. */
export function showKey({ id, name, role, access, budget, ...rest }: KeyView): string {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const { expiresAt, revokedAt, callsPerMinute } = rest;
  const words = [
    `${id}  ${name}: ${role}${access === 'read' ? ', reads only' : ''}`,
    expiresAt === undefined ? [] : `until ${day(expiresAt)}`,
    budget?.items === undefined ? [] : `${budget.items} items`,
    budget?.lamports === undefined ? [] : `${budget.lamports} lamports`,
    callsPerMinute === undefined ? [] : `${callsPerMinute} calls a minute`,
    revokedAt === undefined ? [] : `revoked on ${day(revokedAt)}`,
  ];
  return words.flat().join(', ');
}
