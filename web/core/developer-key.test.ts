import { describe, expect, test } from 'vitest';
import { decodeDeveloperKey, findFragmentKey } from './developer-key.ts';

const KEY = `pg_${'aB3_-'.repeat(8)}xyz`;

describe('the developer’s key', () => {
  test('is taken with the blanks of a sloppy copy', () => {
    expect(decodeDeveloperKey(` ${KEY}\n`)).toEqual({ ok: true, value: KEY });
  });

  test.each(['', 'sk_live_123', 'pg_short', `${KEY} and more`])(
    '%j is refused with the way out',
    (text) => {
      const decoded = decodeDeveloperKey(text);
      expect(decoded.ok).toBe(false);
      if (!decoded.ok) expect(decoded.refusal.message).toMatch(/paste|copy/i);
    },
  );

  test('is found in a fragment, and only a whole one', () => {
    expect(findFragmentKey(`#key=${KEY}`)).toBe(KEY);
    expect(findFragmentKey('#key=pg_x')).toBeUndefined();
    expect(findFragmentKey('#main')).toBeUndefined();
  });
});
