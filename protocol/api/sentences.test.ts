import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWith } from '../values/decode.ts';
import { Reason, why } from '../values/reason.ts';
import { describeNotes, describeReason } from './sentences.ts';

interface Schema {
  type: string;
  options?: readonly string[];
  wrapped?: Schema;
}

/** A value of any schema that reasons use. */
function sampleOf(schema: Schema): unknown {
  if (schema.wrapped !== undefined) return sampleOf(schema.wrapped);
  if (schema.options !== undefined) return schema.options[0];
  if (schema.type === 'number') return 3;
  if (schema.type === 'boolean') return true;
  return schema.type === 'array' ? [{ provider: 'wasm', outcome: 'wrong' }] : '7';
}

const SAMPLES = Reason.options.map(({ entries: { code, values } }) => ({
  code: code.literal,
  values: Object.fromEntries(
    Object.entries(values.entries).map(([name, schema]) => [name, sampleOf(schema as Schema)]),
  ),
}));

describe('a reason', () => {
  test.each(SAMPLES)('$code is decoded and has a sentence that shows its values', (sample) => {
    const decoded = decodeWith(Reason, sample, 'internal');
    if (!decoded.ok) throw new Error(decoded.refusal.message);
    const sentence = describeReason(decoded.value);
    expect(sentence).not.toMatch(/undefined|\[object|^$/);
    expect(sentence).not.toMatch(/\.$/);
  });

  test('an unknown code, a missing value and one too many are refused', () => {
    for (const wrong of [
      { code: 'because', values: {} },
      { code: 'device-slow', values: { job: 'digits' } },
      { code: 'no-jobs', values: { more: 1 } },
    ]) {
      expect(decodeWith(Reason, wrong, 'internal').ok).toBe(false);
    }
  });

  test('counts are in the singular and in the plural', () => {
    fc.assert(
      fc.property(fc.nat(1_000), (shards) => {
        const said = describeReason(why('at-capacity', { shards }));
        expect(/\bshard\b/.test(said)).toBe(shards === 1);
      }),
    );
  });
});

test('notes of a quote are one sentence', () => {
  const notes = [why('no-device-fits', {}), why('items-coupled', {})];
  expect(describeNotes({ notes })).toMatch(/when one comes; units hold one item each/);
});
