import { openClient } from '#client/client.ts';
import { readOwnKey } from '#client/keys.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { configFolder } from '../folders.ts';
import { HUB_DEFAULT, HubFlag, namedHub, readKey } from '../hub.ts';
import { writeLogin } from '../login-file.ts';

const HELP = `pocketgrid login [--hub URL]

Keeps the address of a hub and your key for it, in a file of your own (mode 0600), for the other commands.
The key comes from standard input, where it is asked for at a terminal, or from POCKETGRID_KEY.

  --hub URL       the hub; else POCKETGRID_HUB, else ${HUB_DEFAULT}

  pocketgrid login < key.txt`;

/** `pocketgrid login`: tries a key at its hub, and keeps both. */
export const login = defineCommand({
  name: 'login',
  summary: 'keeps the address of a hub and your key for it',
  help: HELP,
  flags: { hub: HubFlag },
  async run({ hub = undefined }, world) {
    const address = hub ?? namedHub(world.env) ?? HUB_DEFAULT;
    const text = world.env['POCKETGRID_KEY'] || (await world.readSecret(`key for ${address}: `));
    const key = must(readKey(text));
    const { id, name, role, access } = must(await readOwnKey(openClient({ hub: address, key })));
    const file = await writeLogin(configFolder(world.env), { hub: address, key });
    const may = role === 'operator' ? 'an operator' : access === 'read' ? 'reads only' : 'writes';
    return {
      lines: [`${address}: "${name}", ${may}; kept in ${file}`],
      json: { hub: address, file, key: { id, name, role, access } },
    };
  },
});
