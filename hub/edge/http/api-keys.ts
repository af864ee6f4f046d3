import { createHash, randomBytes } from 'node:crypto';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import type { KeyRequest, KeyView, NewKey } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { fault } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import type { KeyStore } from '../store/keys.ts';

const KEY = new RegExp(`^${API_KEY_PREFIX}[A-Za-z0-9_-]{43}$`);

/** The only form in which a key is stored: SHA-256 of its text, in hex. */
const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Makes a key of 256 random bits and stores its hash: the caller alone has its text. */
export async function createApiKey(
  keys: Pick<KeyStore, 'put'>,
  request: KeyRequest,
): Promise<NewKey> {
  const key = `${API_KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
  return { ...(await keepKey(keys, key, request)), key };
}

async function keepKey(
  keys: Pick<KeyStore, 'put'>,
  key: string,
  request: KeyRequest,
): Promise<KeyView> {
  const hash = hashKey(key);
  const id = `dev_${hash.slice(0, 16)}` as DeveloperId;
  const view: KeyView = { ...request, id, createdAt: instant(Date.now()) };
  await keys.put(hash, view);
  return view;
}

/**
 * Makes the operator's key of a new database, and gives its text; nothing where any key was made before.
 * A key that is given is an operator's from now on, unless it was revoked, and then none is made.
 */
export async function createFirstKey(
  keys: Pick<KeyStore, 'put' | 'list' | 'find'>,
  given?: string,
): Promise<string | undefined> {
  const first = { name: 'first', role: 'operator', access: 'write' } as const;
  if (given === undefined) {
    return (await keys.list()).length > 0 ? undefined : (await createApiKey(keys, first)).key;
  }
  if (!KEY.test(given)) {
    const message = `an operator's key is ${API_KEY_PREFIX} and 43 letters, digits, - and _; make one of 32 random bytes in base64url`;
    throw fault('request-invalid', message);
  }
  if ((await findApiKey(keys, given)) === undefined) {
    await keepKey(keys, given, { ...first, name: 'given' });
  }
  return undefined;
}

/**
 * The key of this text; undefined for one that was not made here. The store is asked for the key's
 * hash, and guessing a hash bit by bit is out of reach, so the look-up's time tells nothing about a
 * key.
 */
export async function findApiKey(
  keys: Pick<KeyStore, 'find'>,
  text: string,
): Promise<KeyView | undefined> {
  return KEY.test(text) ? keys.find(hashKey(text)) : undefined;
}
