import { expect, it } from 'vitest';
import { tinyRepository } from '#protocol/decoders/tiny.ts';
import { must } from '#protocol/values/refusal.ts';
import { openTokenizer } from './tokenizer.ts';

const files = tinyRepository();
const json = (path: string) => JSON.parse(String(files[path]));
const tokenizer = () =>
  must(
    openTokenizer({
      tokenizer: json('tokenizer.json'),
      tokenizerConfig: json('tokenizer_config.json'),
      config: json('config.json'),
    }),
  );

it('the tokenizer of a tiny decoder has a token for each byte and gives the text back', () => {
  const text = 'Why, naïve 日本 🙂 \n\t';
  const { ids } = tokenizer().encode(text, undefined, 256);
  expect(ids).toHaveLength(new TextEncoder().encode(text).length);
  expect(tokenizer().decode(ids)).toBe(text);
});

it('the tokenizer of a tiny decoder knows the ends of turns', () => {
  const { ids } = tokenizer().encode('<|im_start|>user\nhi<|im_end|>', undefined, 256);
  expect([ids[0], ids.at(-1), ids.length]).toEqual([1, 2, 9]);
});
