import { describe, expect, test } from 'vitest';
import type { KeyView, OwnKey } from '#protocol/api/keys.ts';
import { decodeKeyForm, describeKey, KEY_FORM_EMPTY, viewSpend } from './keys-view.ts';

const DAY_MS = 86_400_000;
const key = (given: object) =>
  ({
    id: 'dev_1',
    name: 'a',
    role: 'developer',
    access: 'write',
    createdAt: 0,
    ...given,
  }) as KeyView;

describe('the form of a key', () => {
  test('becomes what the hub is asked for, without what was left empty', () => {
    expect(decodeKeyForm({ ...KEY_FORM_EMPTY, name: ' phone ' }, 0)).toEqual({
      ok: true,
      value: { name: 'phone', role: 'developer', access: 'write' },
    });
    const form = { ...KEY_FORM_EMPTY, name: 'a', days: '2', items: '10', lamports: '5000' };
    expect(decodeKeyForm({ ...form, callsPerMinute: '60' }, 1_000)).toMatchObject({
      value: {
        expiresAt: 1_000 + 2 * DAY_MS,
        budget: { items: 10, lamports: '5000' },
        callsPerMinute: 60,
      },
    });
  });

  test.each([
    ['name', ''],
    ['days', 'soon'],
    ['items', '-1'],
    ['lamports', '0.5'],
    ['callsPerMinute', '0'],
  ])('is refused for %s = "%s", by name', (field, value) => {
    const decoded = decodeKeyForm({ ...KEY_FORM_EMPTY, name: 'a', [field]: value }, 0);
    expect(decoded).toMatchObject({ ok: false, refusal: { path: field } });
  });
});

test('what was spent stands against the budget, where there is one', () => {
  const spent = { items: 250, lamports: '3000000000' } as OwnKey['spent'];
  expect(viewSpend({ spent }).map(({ share }) => share)).toEqual([undefined, undefined]);
  const budget = { items: 1_000, lamports: '2000000000' } as NonNullable<OwnKey['budget']>;
  expect(viewSpend({ spent, budget })).toMatchObject([
    { label: expect.stringMatching(/^250 of 1.000$/), share: 0.25 },
    { label: '3 SOL of 2 SOL', share: 1 },
  ]);
  expect(viewSpend({ spent, budget: { items: 0 } as never })[0]?.share).toBe(1);
});

test('a key says what it may do, and whether it still may', () => {
  expect(describeKey(key({}), 5)).toEqual({ state: 'in use', isOpen: true, words: 'posts jobs' });
  expect(describeKey(key({ expiresAt: 4 }), 5)).toMatchObject({ state: 'expired', isOpen: false });
  expect(describeKey(key({ revokedAt: 4 }), 5).state).toBe('revoked');
  const limits = { access: 'read', budget: { items: 3 }, callsPerMinute: 60 };
  expect(describeKey(key(limits), 5).words).toBe('reads jobs, at most 3 items, 60 calls a minute');
});
