import { expect, it } from 'vitest';
import { must } from '#protocol/values/refusal.ts';
import { FAKE_SETTINGS, fakeFile } from '../fake-repository.ts';
import type { Settings } from '../repository.ts';
import { readPrompts } from './prompts.ts';
import { openWriter } from './writer.ts';

const TEMPLATE =
  "{% for m in messages %}{{ m['content'] + ' ' }}{% endfor %}{% if add_generation_prompt %}six{% endif %}";
const [ONE, TWO, SIX] = [5, 6, 10];
const CONTEXT = 16;

const writerOf = (more: object = {}, settings: Settings = {}) => {
  const tokenizerConfig = { ...FAKE_SETTINGS.tokenizerConfig, ...more };
  return must(openWriter({ ...FAKE_SETTINGS, ...settings, tokenizerConfig }));
};
const chat = (...contents: string[]) => ({
  messages: contents.map((content) => ({ role: 'user' as const, content })),
});

it('a conversation becomes tokens by the template of its model, and a prompt as it is', () => {
  const writer = writerOf({ chat_template: TEMPLATE });
  expect(writer.readPrompt({ ...chat('one', 'two'), seed: 3 }, CONTEXT)).toMatchObject({
    value: { ids: [ONE, TWO, SIX], seed: 3, temperature: 1, topP: 1, topK: 0, limit: 13 },
  });
  // The tokens that the model adds stand around a prompt.
  expect(writer.readPrompt({ prompt: 'one' }, CONTEXT)).toMatchObject({
    value: { ids: [2, ONE, 3] },
  });
  const parts = [{ type: 'text' as const, text: 'one' }];
  const messages = [{ role: 'developer' as const, content: parts }];
  expect(writer.readPrompt({ messages }, CONTEXT)).toMatchObject({ value: { ids: [ONE, SIX] } });
});

it('a text goes on behind what was written, as far as there is room', () => {
  const writer = writerOf({ chat_template: TEMPLATE });
  const asked = { ...chat('one'), written: [7, 8], newTokens: 200 };
  expect(writer.readPrompt(asked, CONTEXT)).toMatchObject({
    value: { ids: [ONE, SIX, 7, 8], limit: 12 },
  });
  expect(writer.readPrompt(asked, 4)).toMatchObject({ refusal: { code: 'input-too-big' } });
});

it('seeds differ where none is given', () => {
  const writer = writerOf({ chat_template: TEMPLATE });
  const seeds = Array.from({ length: 5 }, () => must(writer.readPrompt(chat('one'), CONTEXT)).seed);
  expect(new Set(seeds).size).toBeGreaterThan(1);
});

it('end tokens are those of all files of a model', () => {
  const settings = { config: { eos_token_id: 4 }, generation: { eos_token_id: [5, 6] } };
  const { limits } = writerOf({ eos_token: '[SEP]' }, settings);
  expect([...limits.ends].sort()).toEqual([3, 4, 5, 6]);
});

it.each([
  ['both messages and a prompt', { ...chat('one'), prompt: 'one' }, /either/],
  ['neither', {}, /either/],
  ['a conversation that its template refuses', chat('bad'), /not like that/],
])('readPrompt refuses %s', (_, prompt, words) => {
  const template = `{% if messages[0].content == 'bad' %}{{ raise_exception('not like that') }}{% endif %}one`;
  const read = writerOf({ chat_template: template }).readPrompt(prompt, CONTEXT);
  expect(read).toMatchObject({ ok: false, refusal: { message: expect.stringMatching(words) } });
});

it('a model without a template takes prompts alone', () => {
  const read = writerOf().readPrompt(chat('one'), CONTEXT);
  expect(read).toMatchObject({ refusal: { message: expect.stringContaining('no chat template') } });
});

it('lines of a job are texts of a user, prompts, or conversations with wishes of their own', () => {
  const lines = ['one', { prompt: 'two', temperature: 0 }, { ...chat('three'), newTokens: 5 }];
  const file = fakeFile('a.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
  const options = { name: 'text-generation', newTokens: 9, system: 'four' } as const;
  const read = must(readPrompts([file], { options, hasTemplate: true }));
  expect(read.map(({ prompt }) => prompt)).toEqual([
    {
      newTokens: 9,
      messages: [
        { role: 'system', content: 'four' },
        { role: 'user', content: 'one' },
      ],
    },
    { newTokens: 9, prompt: 'two', temperature: 0 },
    { newTokens: 5, ...chat('three') },
  ]);
  const plain = fakeFile('a.txt', 'one two\n\nthree\n');
  const texts = must(readPrompts([plain], { options, hasTemplate: false }));
  expect(texts.map(({ prompt, at }) => [prompt.prompt, at])).toEqual([
    ['one two', 'line 1'],
    ['three', 'line 3'],
  ]);
});

it('a line that is no prompt is refused with its place', () => {
  const file = fakeFile('a.jsonl', '{"prompt":"one"}\n{"prompt":3}\n');
  const options = { name: 'text-generation' } as const;
  const read = readPrompts([file], { options, hasTemplate: true });
  expect(read).toMatchObject({
    ok: false,
    refusal: { message: expect.stringContaining('line 2') },
  });
});
