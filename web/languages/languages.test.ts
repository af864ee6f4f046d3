import { describe, expect, test } from 'vitest';
import { isPause } from '#protocol/api/next-steps.ts';
import { Reason, type why } from '#protocol/values/reason.ts';
import { LANGUAGES, type Language } from '../core/language-names.ts';
import * as germanJobs from './de/job-words.ts';
import * as german from './de/reasons.ts';
import * as english from './en/reasons.ts';

type Sample = ReturnType<typeof why>;

interface Schema {
  type: string;
  options?: readonly string[];
  wrapped?: Schema;
}

/** A value of any schema that reasons use; `number` where it is one. */
function sampleOf(schema: Schema, number: number): unknown {
  if (schema.wrapped !== undefined) return sampleOf(schema.wrapped, number);
  if (schema.options !== undefined) return schema.options[0];
  if (schema.type === 'number') return number;
  if (schema.type === 'boolean') return true;
  return schema.type === 'array' ? [{ provider: 'wasm', outcome: 'wrong' }] : 'seven';
}

const samplesOf = (number: number): Sample[] =>
  Reason.options.map(
    ({ entries: { code, values } }) =>
      ({
        code: code.literal,
        values: Object.fromEntries(
          Object.entries(values.entries).map(([name, schema]) => [
            name,
            sampleOf(schema as Schema, number),
          ]),
        ),
      }) as Sample,
  );

const WORDS: Record<Language, Pick<typeof english, 'describeReason' | 'describeNext'>> = {
  en: english,
  de: german,
};

describe.each(LANGUAGES)('$name', ({ code }) => {
  const { describeReason, describeNext } = WORDS[code];

  test.each(samplesOf(7))('says $code with its values', (reason) => {
    const sentence = describeReason(reason);
    expect(sentence).not.toMatch(/undefined|\[object|^$|\.$/);
    const values = Object.values(reason.values).filter((value) => value === 'seven');
    for (const value of values) expect(sentence).toContain(value);
    const hasNext = describeNext(reason) !== '';
    expect(hasNext).toBe(isPause(reason.code));
  });

  test('says one as one', () => {
    const said = samplesOf(1).map(describeReason);
    expect(
      said.filter((sentence) => /\b1 (units|shards|Einheiten|Pakete|Tage)\b/.test(sentence)),
    ).toEqual([]);
  });
});

test('German says every reason and next step in words of its own', () => {
  // What a runtime, a network or a person said is passed on word for word.
  const passed = (sentence: string) => /^seven( \(seven\))?$/.test(sentence);
  for (const reason of samplesOf(7)) {
    const sentence = english.describeReason(reason);
    if (!passed(sentence)) expect(german.describeReason(reason)).not.toBe(sentence);
    if (isPause(reason.code))
      expect(german.describeNext(reason)).not.toBe(english.describeNext(reason));
  }
  expect(germanJobs.describePurpose({ model: 'digits@1' })).toBe(
    'Wendet ein Modell auf Zahlen an, mit digits',
  );
  expect(germanJobs.describeDeveloper({})).not.toBe(english.describeDeveloper({}));
});
