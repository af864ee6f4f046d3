import { expect, it } from 'vitest';
import { readWishes } from './wishes.ts';

const MESSAGES = [{ role: 'user', content: 'a' }];
const chat = (more: object = {}) => readWishes('chat', { model: 'm', messages: MESSAGES, ...more });

it('wishes of a conversation are read as OpenAI has them', () => {
  const asked = { temperature: 0.5, top_p: 0.9, seed: -1, n: 2, stop: 'b', max_tokens: 9 };
  expect(chat({ ...asked, stream: true, stream_options: { include_usage: true } })).toEqual({
    ...{ call: 'chat', model: 'm', most: 9, stops: ['b'], logprobs: undefined },
    prompt: { messages: MESSAGES, temperature: 0.5, topP: 0.9 },
    // A seed is 32 bits, and of several texts each has its own.
    seeds: [2 ** 32 - 1, 0],
    ...{ isStream: true, withUsage: true },
  });
  expect(chat({ max_completion_tokens: 4, max_tokens: 9 }).most).toBe(4);
  expect(chat({ logprobs: true }).logprobs).toBe(0);
  expect(chat({ logprobs: true, top_logprobs: 3 }).logprobs).toBe(3);
  expect(chat({ top_logprobs: 3 }).logprobs).toBe(undefined);
});

it('what is null is as if it were absent', () => {
  const nothing = ['temperature', 'top_p', 'seed', 'n', 'stop', 'max_tokens', 'stream'];
  const asked = Object.fromEntries(nothing.map((name) => [name, null]));
  expect(chat(asked)).toMatchObject({ prompt: { messages: MESSAGES }, stops: [], isStream: false });
});

it.each([
  [{ messages: [] }],
  [{ n: 0 }],
  [{ top_p: 0 }],
  [{ stop: ['1', '2', '3', '4', '5'] }],
  [{ tools: [] }],
  [{ top_logprobs: 9 }],
])('wishes of %j are refused', (more) => {
  expect(() => chat(more)).toThrow();
});
