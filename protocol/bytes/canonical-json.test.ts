import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

interface Vectors {
  texts: { name: string; json: string; canonical: string }[];
  numbers: { ieee754: string; canonical: string }[];
  refused: string[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/canonical-json.json', import.meta.url), 'utf8'),
);
const doubleOf = (bits: string) => Buffer.from(bits, 'hex').readDoubleBE(0);

describe('canonical JSON', () => {
  it.each(vectors.texts)('agrees with rfc8785: $name', ({ json, canonical }) => {
    expect(canonicalJson(JSON.parse(json))).toBe(canonical);
  });

  it.each(vectors.numbers)('writes the double $ieee754 as $canonical', ({ ieee754, canonical }) => {
    expect(canonicalJson(doubleOf(ieee754))).toBe(canonical);
  });

  it.each(vectors.refused)('refuses the double %s', (bits) => {
    expect(() => canonicalJson(doubleOf(bits))).toThrow();
    expect(() => canonicalJson({ a: [doubleOf(bits)] })).toThrow();
  });

  it('refuses what JSON cannot hold, and a lone surrogate', () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
    expect(() => canonicalJson({ a: 1n })).toThrow(TypeError);
    expect(() => canonicalJson(['\ud800'])).toThrow(/lone surrogate/);
    expect(() => canonicalJson({ 'a\\\udfff': 1 })).toThrow(/lone surrogate/);
    expect(canonicalJson('\\ud800 \\\\ud800')).toBe('"\\\\ud800 \\\\\\\\ud800"');
  });

  it('is JSON of the same value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (record) => {
        const text = canonicalJson(record);
        const turned = Object.fromEntries(Object.entries(record).toReversed());
        expect(canonicalJson(turned)).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});
