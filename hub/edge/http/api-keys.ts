import { createHash, randomBytes } from 'node:crypto';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import type { KeyRequest, KeyView, NewKey } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
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
  const hash = hashKey(key);
  const id = `dev_${hash.slice(0, 16)}` as DeveloperId;
  const view: KeyView = { ...request, id, createdAt: instant(Date.now()) };
  await keys.put(hash, view);
  return { ...view, key };
}

/** Makes the operator's key of a new database; nothing where any key was made before. */
export async function createFirstKey(
  keys: Pick<KeyStore, 'put' | 'list'>,
): Promise<string | undefined> {
  if ((await keys.list()).length > 0) return undefined;
  return (await createApiKey(keys, { name: 'first', role: 'operator', access: 'write' })).key;
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
