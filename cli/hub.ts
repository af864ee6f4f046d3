import * as v from 'valibot';
import { type HubClient, openClient } from '#client/client.ts';
import { HttpAddress } from '#node/flags.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { configFolder } from './folders.ts';
import { KeyText, readLogin } from './login-file.ts';
import type { World } from './world.ts';

/** The hub of `npm start`. */
export const HUB_DEFAULT = 'http://127.0.0.1:8787';

/** The flag that names a hub. */
export const HubFlag = v.exactOptional(HttpAddress);

/** What the help of a command that calls a hub says of that. */
export const HUB_HELP = `  --hub URL       the hub; else POCKETGRID_HUB, else that of the login. The login's key goes to its own hub alone:
                  for another one set POCKETGRID_KEY`;

/** Opens a client of the hub that is asked for, with the key for that hub. */
export async function openHub(world: World, asked: string | undefined): Promise<HubClient> {
  const { env } = world;
  const login = await readLogin(configFolder(env));
  const hub = asked ?? namedHub(env) ?? login?.hub ?? HUB_DEFAULT;
  const own = login !== undefined && isSameHub(login.hub, hub) ? login.key : undefined;
  const key = env['POCKETGRID_KEY'] ? must(readKey(env['POCKETGRID_KEY'])) : own;
  if (key !== undefined) return openClient({ hub, key });
  throw fault('key-missing', `no key for ${hub}; do: pocketgrid login --hub ${hub}`);
}

/** The hub that the environment names. */
export const namedHub = (env: World['env']): string | undefined =>
  env['POCKETGRID_HUB'] ? must(decodeWith(HttpAddress, env['POCKETGRID_HUB'])) : undefined;

/** A key from outside, without the space around it. */
export const readKey = (text: string) => decodeWith(KeyText, text.trim(), 'key-wrong');

const isSameHub = (one: string, other: string): boolean =>
  new URL(one).origin === new URL(other).origin;
