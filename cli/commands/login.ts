import { readOwnKey } from '#client/keys.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { configFolder } from '../folders.ts';
import { connect, HUB_DEFAULT, HUB_FLAGS, namedHub, readKey } from '../hub.ts';
import { writeLogin } from '../login-file.ts';

const HELP = `pocketgrid login [--hub URL] [--pin SHA256]

Keeps the address of a hub and your key for it, in a file of your own (mode 0600), for the other commands.
The key comes from standard input, where it is asked for at a terminal, or from POCKETGRID_KEY.

  --hub URL       the hub; else POCKETGRID_HUB, else ${HUB_DEFAULT}
  --pin SHA256    the certificate of an https hub, as npm start -- --lan prints it: that one is accepted and no other

  pocketgrid login < key.txt`;

/** `pocketgrid login`: tries a key at its hub, and keeps both. */
export const loginCommand = defineCommand({
  name: 'login',
  summary: 'keeps the address of a hub and your key for it',
  help: HELP,
  flags: HUB_FLAGS,
  async run({ hub, pin }, world) {
    const address = hub ?? namedHub(world.env) ?? HUB_DEFAULT;
    const text = world.env['POCKETGRID_KEY'] || (await world.readSecret(`key for ${address}: `));
    const key = must(readKey(text));
    const login = { hub: address, key, ...(pin !== undefined && { pin }) };
    const { id, name, role, access } = must(await readOwnKey(connect(login)));
    const file = await writeLogin(configFolder(world.env), login);
    const may = role === 'operator' ? 'an operator' : access === 'read' ? 'reads only' : 'writes';
    return {
      lines: [`${address}: "${name}", ${may}; kept in ${file}`],
      json: { hub: address, file, key: { id, name, role, access } },
    };
  },
});
