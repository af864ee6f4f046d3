import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWith } from './decode.ts';
import { likenessOf, PublicName, plainName } from './public-name.ts';

const decode = (name: string) => decodeWith(PublicName, name, 'request-invalid');

describe('a public name', () => {
  test.each(['Ann', 'Анна К', 'Ünal-2', "O'Neill", '山田 太郎', 'नमस्ते', 'R2D2', 'team_7'])(
    '%s is taken as it is',
    (name) => {
      expect(decode(name)).toEqual({ ok: true, value: name });
    },
  );

  test.each([
    ['A', 'at least 2 characters'],
    ['x'.repeat(33), 'at most 32 characters'],
    [' Ann', 'without blanks around'],
    ['Ａｎｎ', 'plain letters'],
    ['Ann\nBob', 'letters, digits, blanks'],
    ['An\u0000n', 'letters, digits, blanks'],
    ['Ann\u202ebob', 'letters, digits, blanks'],
    ['An\u200bn', 'letters, digits, blanks'],
    ['<b>Ann', 'letters, digits, blanks'],
    ['-Ann', 'letters, digits, blanks'],
    ['Ann  B', 'between and behind'],
    ['Ann.', 'between and behind'],
    ['Аnn', 'letters of one script'],
    ['pаypal', 'letters of one script'],
    ['👩 Ann', 'letters, digits, blanks'],
  ])('%j is refused, and says what it wants', (name, message) => {
    const refused = decode(name);
    expect(refused.ok ? '' : refused.refusal.message).toContain(message);
  });

  test('whatever is typed is either refused or stays as it was made plain', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (typed) => {
        const name = plainName(typed);
        const decoded = decode(name);
        if (decoded.ok) expect(decoded.value).toBe(name);
        expect(plainName(name)).toBe(name);
      }),
    );
  });
});

test.each([
  ['Ann Smith', 'ann-smith'],
  ['Paul', 'PauI'],
  ['Bob', 'В0Ь'.replace('Ь', 'b')],
  ['Modern', 'Modem'],
  ['Zoë', 'Zoe'],
  ['сосо', 'coco'],
  ['W1ll', 'VVill'],
])('%s and %s look alike', (one, other) => {
  expect(likenessOf(one)).toBe(likenessOf(other));
});

test('other names do not look alike', () => {
  expect(new Set(['Ann', 'Anna', 'Bob', '山田', 'Анна'].map(likenessOf)).size).toBe(5);
});
