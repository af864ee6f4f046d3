import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBase58, encodeBase58 } from './base58.ts';

it('decoding gives back the bytes that were encoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const decoded = decodeBase58(encodeBase58(bytes), bytes.length);
      expect(decoded).toEqual({ ok: true, value: bytes });
    }),
  );
});

it('encoding writes a key as Solana writes it', () => {
  expect(encodeBase58(new Uint8Array(32))).toBe('1'.repeat(32));
  expect(encodeBase58(new TextEncoder().encode('Hello World!'))).toBe('2NEpo7TZRRrLZSi2U');
});

it.each([
  ['a digit that base 58 lacks', '0OIl', 3],
  ['a shorter text', '2NEpo7TZRRrLZSi2U', 13],
  ['a longer text', '2NEpo7TZRRrLZSi2U', 11],
  ['an endless text', '1'.repeat(1_000_000), 32],
  ['a space', ' 2NEpo7TZRRrLZSi2U', 12],
])('decoding refuses %s', (_, text, length) => {
  expect(decodeBase58(text, length)).toMatchObject({
    ok: false,
    refusal: { code: 'settlement-malformed' },
  });
});
