import { createHash, randomBytes } from 'node:crypto';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import type { Store } from '../store/port.ts';

const KEY = new RegExp(`^${API_KEY_PREFIX}[A-Za-z0-9_-]{43}$`);

/** The only form in which a key is stored: SHA-256 of its text, in hex. */
const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/**
 * Makes a key of 256 random bits and stores its hash; the key itself is shown once, by the caller.
 */
export async function createApiKey(store: Pick<Store, 'putKey'>, name: string): Promise<string> {
  const key = `${API_KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
  await store.putKey(hashKey(key), name);
  return key;
}

/**
 * Who holds this key; undefined for one that was not made here. The store is asked for the key's
 * hash, and guessing a hash bit by bit is out of reach, so the look-up's time tells nothing about a
 * key.
 */
export async function findDeveloper(
  store: Pick<Store, 'hasKey'>,
  key: string,
): Promise<DeveloperId | undefined> {
  if (!KEY.test(key)) return undefined;
  const hash = hashKey(key);
  return (await store.hasKey(hash)) ? (`dev_${hash.slice(0, 16)}` as DeveloperId) : undefined;
}
