import { t } from '@lingui/core/macro';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

const KEY = new RegExp(`^${API_KEY_PREFIX}[A-Za-z0-9_-]{16,}$`);

/** Checks the look of a pasted key; only the hub knows whether it is the right one. */
export function decodeDeveloperKey(text: string): Result<string> {
  const key = text.trim();
  if (key === '') return refuse('key-missing', t`Paste the key that the hub’s operator gave you.`);
  if (!KEY.test(key)) {
    return refuse(
      'key-wrong',
      t`That is no key. A key starts with ${API_KEY_PREFIX} and has no spaces; copy it whole.`,
    );
  }
  return accept(key);
}

/** The key in an address' fragment (`#key=pg_…`), where there is one. */
export function findFragmentKey(fragment: string): string | undefined {
  const key = /^#key=([^&]+)/.exec(fragment)?.[1];
  if (key === undefined) return undefined;
  const decoded = decodeDeveloperKey(key);
  return decoded.ok ? decoded.value : undefined;
}
