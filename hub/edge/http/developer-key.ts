import type { Store } from '../store/port.ts';
import { createApiKey } from './api-keys.ts';

/**
 * The hash under which a database remembers that its first key was made. No key can have it: a
 * SHA-256 of all zeros is not to be found.
 */
const FIRST_KEY_MADE = '0'.repeat(64);

/** Makes the developer key of a new database, or one more when `another` is asked for. */
export async function makeDeveloperKey(
  store: Store,
  another: boolean,
): Promise<string | undefined> {
  const first = !(await store.hasKey(FIRST_KEY_MADE));
  if (!first && !another) return undefined;
  const key = await createApiKey(store, 'developer');
  if (first) await store.putKey(FIRST_KEY_MADE, 'marks that the first key was made');
  return key;
}
