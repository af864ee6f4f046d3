import fc from 'fast-check';
import { expect, it } from 'vitest';
import { must } from '#protocol/values/refusal.ts';
import { FAKE_SETTINGS, FAKE_WORDS } from './fake-repository.ts';
import { openTokenizer } from './tokenizer.ts';

const tokenizer = must(openTokenizer(FAKE_SETTINGS));
const show = (ids: readonly number[]) => ids.map((id) => FAKE_WORDS[id]).join(' ');

it('a tokenizer adds the tokens of its model, and counts the texts of a pair', () => {
  const { ids, types, isCut } = tokenizer.encode('One two', 'three', 16);
  expect(show(ids)).toBe('[CLS] one two [SEP] three [SEP]');
  expect(types).toEqual([0, 0, 0, 0, 1, 1]);
  expect(isCut).toBe(false);
});

it.each([
  ['one two three four', undefined, 4, '[CLS] one two [SEP]'],
  ['one two three four', 'five six', 7, '[CLS] one two [SEP] five six [SEP]'],
  ['one', 'two three four five six', 6, '[CLS] one [SEP] two three [SEP]'],
  ['one one one', 'one one one', 6, '[CLS] one [SEP] one one [SEP]'],
] as [string, string | undefined, number, string][])(
  'a text that is too long loses its end, the longer of a pair first (%s | %s)',
  (text, ...[pair, most, wanted]) => {
    const { ids, isCut } = tokenizer.encode(text, pair, most);
    expect(show(ids)).toBe(wanted);
    expect(isCut).toBe(true);
  },
);

it('a row is never longer than it may be, and keeps the tokens of its model', () => {
  const words = fc.array(fc.constantFrom('one', 'two', 'three'), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(words, words, fc.integer({ min: 3, max: 16 }), (text, pair, most) => {
      const { ids, types } = tokenizer.encode(text.join(' '), pair.join(' '), most);
      expect(ids.length).toBeLessThanOrEqual(most);
      expect(types).toHaveLength(ids.length);
      expect(ids.filter((id) => id === 3)).toHaveLength(2);
      expect(ids[0]).toBe(2);
    }),
  );
});

it.each([
  ['positions', {}, 16],
  [
    'positions behind a padding',
    { config: { model_type: 'roberta', max_position_embeddings: 16 } },
    14,
  ],
  ['the tokenizer', { tokenizerConfig: { model_max_length: 9 } }, 9],
  ['the sentences it was made for', { sentences: { max_seq_length: 8 } }, 8],
  ['nothing', { config: {}, tokenizerConfig: { model_max_length: 1e30 } }, 512],
])('the longest text is known from %s', (_, settings, longest) => {
  expect(must(openTokenizer({ ...FAKE_SETTINGS, ...settings })).longest).toBe(longest);
});

it.each([
  [{ tokenizer: undefined }, /send tokenizer.json/],
  [{ tokenizer: { model: { type: 'Other' } } }, /AutoTokenizer.from_pretrained/],
])(
  'a model without a tokenizer that can be used is refused with what to do',
  (settings, message) => {
    const { tokenizer: _, ...others } = FAKE_SETTINGS;
    const given =
      settings.tokenizer === undefined ? others : { ...others, tokenizer: settings.tokenizer };
    expect(openTokenizer(given)).toMatchObject({
      refusal: { code: 'model-format', message: expect.stringMatching(message) },
    });
  },
);
