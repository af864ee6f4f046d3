import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCompact, draftCompact } from './compact.ts';

/** What a value takes, and what comes back of it. */
function pass(value: unknown, known?: Record<string, unknown>) {
  const texts: string[] = [];
  const draft = draftCompact(value, known);
  texts.push(...new Set(draft.texts));
  const bytes = draft.encode((text) => texts.indexOf(text));
  return { value: decodeCompact(bytes, (number) => texts[number] ?? '', known), bytes, texts };
}

const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(toHex);
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = fc.oneof(
  ...[fc.string(), fc.string({ unit: 'binary' }), fc.base64String(), fc.constant('\ud800')],
  ...[hex(0), hex(1), hex(16), hex(32), hex(64), hex(65)],
  hex(32).map((each) => each.toUpperCase()),
);
const field = fc.oneof(
  fc.constantFrom('job', 'device', 'kind', 'reason', 'shard', 'unit', 'at', '7', '__proto__'),
  fc.string(),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    ...[text, fc.double(), fc.maxSafeInteger(), fc.nat(), fc.boolean(), fc.constant(null)],
    ...[fc.array(tie('value')), fc.dictionary(field, tie('value'), { noNullPrototype: true })],
  ),
}));

describe('compact', () => {
  test('any value comes back as it was, its fields in their order', () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(JSON.stringify(pass(given).value)).toBe(JSON.stringify(given));
      }),
    );
  });

  test('numbers come back with every bit', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.maxSafeInteger()), (number) => {
        expect(pass({ number }).value).toEqual({ number });
      }),
    );
  });

  test('what the reader knows takes no bytes, and only where it is the same', () => {
    fc.assert(
      fc.property(text, text, (device, other) => {
        const known = { device, unit: 4 };
        const { value, bytes } = pass({ device, of: { device, unit: 4 } }, known);
        expect(value).toEqual({ device, of: { device, unit: 4 } });
        expect(bytes).toHaveLength(1);
        expect(pass({ device: other, unit: 5 }, known).value).toEqual({ device: other, unit: 5 });
      }),
    );
  });

  test('what was left out and is known no more is refused by its name', () => {
    const { texts, bytes } = pass({ device: 'd' }, { device: 'd' });
    expect(() => decodeCompact(bytes, (number) => texts[number], { lease: 'd' })).toThrow(/device/);
  });

  test('hex, base64 and words take what they say', () => {
    const [key, digests] = ['ab'.repeat(32), Buffer.alloc(32, 7).toString('base64')];
    expect(pass({ salt: key, digests, device: key, at: 300 }).bytes).toHaveLength(
      1 + 32 + 33 + 1 + 2,
    );
  });

  test('a field that is undefined is left out', () => {
    expect(Object.keys(pass({ a: 1, b: undefined, c: 2 }).value as object)).toEqual(['a', 'c']);
  });

  test('bytes that end too soon are not read', () => {
    const { bytes, texts } = pass({ salt: 'ab'.repeat(32), at: 1.5, name: 'größer' });
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = () => decodeCompact(bytes.subarray(0, length), (number) => texts[number] ?? '');
      expect(cut).toThrow(RangeError);
    }
  });
});
