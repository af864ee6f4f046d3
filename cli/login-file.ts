import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { readTextIfThere, replaceFile } from '#node/files.ts';
import { HttpAddress } from '#node/flags.ts';
import { Fingerprint } from '#node/pinned-agent.ts';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { fault } from '#protocol/values/refusal.ts';

/** An API key as it is written. */
export const KeyText = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^${API_KEY_PREFIX}[A-Za-z0-9_-]{43}$`),
    `expected an API key, ${API_KEY_PREFIX} and 43 characters`,
  ),
);

/** A hub, its certificate where nobody signed it, and the key to call it with. */
export const Login = v.strictObject({
  hub: HttpAddress,
  pin: v.exactOptional(Fingerprint),
  key: KeyText,
});
export type Login = v.InferOutput<typeof Login>;

const fileIn = (folder: string): string => join(folder, 'login.json');

/** Keeps a login in a file that only its owner may read, in place of the one before. */
export async function writeLogin(folder: string, login: Login): Promise<string> {
  const file = fileIn(folder);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, `${JSON.stringify(login)}\n`);
  return file;
}

/** The login that is kept; throws where its file is none, or others may read it. */
export async function readLogin(folder: string): Promise<Login | undefined> {
  const file = fileIn(folder);
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  if (process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0) {
    throw fault('key-wrong', `other users may read ${file}; do: chmod 600 ${file}`);
  }
  const login = decodeJson(Login, text, 'key-wrong');
  if (login.ok) return login.value;
  throw fault('key-wrong', `${file} holds no login; do: pocketgrid login`);
}
