import * as v from 'valibot';
import { type HubClient, openClient } from '#client/client.ts';
import { HttpAddress } from '#node/flags.ts';
import { checkPinned, Fingerprint } from '#node/pinned-agent.ts';
import { openTlsFetch } from '#node/tls-fetch.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { configFolder } from './folders.ts';
import { KeyText, type Login, readLogin } from './login-file.ts';
import type { World } from './world.ts';

/** The hub of `npm start`. */
export const HUB_DEFAULT = 'http://127.0.0.1:8787';

/** The flags that name a hub, and its certificate where nobody signed it. */
export const HUB_FLAGS = {
  hub: v.exactOptional(HttpAddress),
  pin: v.exactOptional(Fingerprint),
};

/** What those flags are once decoded. */
export interface HubPlace {
  hub?: string;
  pin?: string;
}

/** The two of them, of all the flags of a command. */
export const placeOf = ({
  hub,
  pin,
}: { [K in keyof HubPlace]?: string | undefined }): HubPlace => ({
  ...(hub !== undefined && { hub }),
  ...(pin !== undefined && { pin }),
});

/** What the help of a command that calls a hub says of that. */
export const HUB_HELP = `  --hub URL       the hub; else POCKETGRID_HUB, else that of the login. The login's key goes to its own hub alone:
                  for another one set POCKETGRID_KEY
  --pin SHA256    the certificate of an https hub, as npm start -- --lan prints it; else that of the login`;

/** Opens a client of the hub that is asked for, with the key for that hub. */
export async function openHub({ env }: World, asked: HubPlace): Promise<HubClient> {
  const login = await readLogin(configFolder(env));
  const hub = asked.hub ?? namedHub(env) ?? login?.hub ?? HUB_DEFAULT;
  const own = login !== undefined && isSameHub(login.hub, hub) ? login : undefined;
  const key = env['POCKETGRID_KEY'] ? must(readKey(env['POCKETGRID_KEY'])) : own?.key;
  const pin = asked.pin ?? own?.pin;
  if (key !== undefined) return connect({ hub, key, ...(pin !== undefined && { pin }) });
  throw fault('key-missing', `no key for ${hub}; do: pocketgrid login --hub ${hub}`);
}

/** A client of a hub; with a pin it says nothing to a server with another certificate. */
export function connect({ hub, key, pin }: Login): HubClient {
  checkPinned(new URL(hub), pin);
  return openClient({ hub, key, ...(pin !== undefined && { send: openTlsFetch({ pin }) }) });
}

/** The hub that the environment names. */
export const namedHub = (env: World['env']): string | undefined =>
  env['POCKETGRID_HUB'] ? must(decodeWith(HttpAddress, env['POCKETGRID_HUB'])) : undefined;

/** A key from outside, without the space around it. */
export const readKey = (text: string) => decodeWith(KeyText, text.trim(), 'key-wrong');

const isSameHub = (one: string, other: string): boolean =>
  new URL(one).origin === new URL(other).origin;
