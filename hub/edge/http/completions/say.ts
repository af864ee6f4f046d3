import { randomBytes } from 'node:crypto';
import type { TokenLogprob } from '#protocol/openai/completions.ts';
import type { WritingCall } from './wishes.ts';
import type { TextSlice } from './write-text.ts';

/** A token with how likely it was, and which others were. */
export interface LikelyToken {
  text: string;
  logprob: number;
  tops: readonly { text: string; logprob: number }[];
}

/** Something new of one text of an answer. */
export interface Said {
  index: number;
  text: string;
  /** Undefined while it goes on. */
  finish?: 'stop' | 'length' | undefined;
  tokens?: readonly LikelyToken[] | undefined;
}

/** What is said of all of an answer. */
export interface AnswerHead {
  id: string;
  created: number;
  model: string;
  system_fingerprint: string;
}

/** OpenAI's word for a token that is not among the likeliest ones that were told. */
const UNLIKELY = -9_999;

/** A head for a new answer. */
export const openHead = (
  call: WritingCall,
  model: string,
): Omit<AnswerHead, 'system_fingerprint'> => ({
  id: `${call === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomBytes(12).toString('hex')}`,
  created: Math.floor(Date.now() / 1_000),
  model,
});

/** What `usage` says: prompts are counted once for each text of them. */
export const sayUsage = (promptTokens: number, tokens: number) => ({
  prompt_tokens: promptTokens,
  completion_tokens: tokens,
  total_tokens: promptTokens + tokens,
});

/** The whole answer to a request. */
export function sayWhole(call: WritingCall, head: AnswerHead, texts: readonly Said[]): object {
  const choices = texts.map(({ index, text, finish = null, tokens }) => ({
    index,
    ...(call === 'chat'
      ? { message: { role: 'assistant', content: text, refusal: null } }
      : { text }),
    logprobs: sayLogprobs(call, tokens),
    finish_reason: finish,
  }));
  return { ...head, object: call === 'chat' ? 'chat.completion' : 'text_completion', choices };
}

/** A part of an answer that is streamed. */
export function sayChunk(call: WritingCall, head: AnswerHead, said: readonly Said[]): object {
  const choices = said.map(({ index, text, finish = null, tokens }) => ({
    index,
    ...(call === 'chat' ? { delta: text === '' ? {} : { content: text } } : { text }),
    logprobs: sayLogprobs(call, tokens),
    finish_reason: finish,
  }));
  const object = call === 'chat' ? 'chat.completion.chunk' : 'text_completion';
  return { ...head, object, choices };
}

/** How likely the tokens of a slice were, and so many others in the place of each. */
export function likelyTokens(
  slice: TextSlice,
  wanted: number,
  nameOf: (token: number) => string,
): LikelyToken[] {
  return slice.tokens.map((token, at) => {
    const sum = slice.logSums[at] ?? 0;
    const ids = slice.topIds[at] ?? [];
    const logits = slice.topLogits[at] ?? [];
    const tops = ids.map((id, top) => ({ id, logprob: (logits[top] ?? 0) - sum }));
    return {
      text: nameOf(token),
      logprob: tops.find(({ id }) => id === token)?.logprob ?? UNLIKELY,
      tops: tops.slice(0, wanted).map(({ id, logprob }) => ({ text: nameOf(id), logprob })),
    };
  });
}

/** All tokens that `likelyTokens` names. */
export const namedTokens = ({ tokens, topIds }: TextSlice): number[] => [
  ...new Set([...tokens, ...topIds.flat()]),
];

function sayLogprobs(call: WritingCall, tokens: Said['tokens']): object | null {
  if (tokens === undefined) return null;
  if (call === 'chat') {
    const content = tokens.map(
      ({ tops, ...token }): TokenLogprob => ({
        ...sayToken(token),
        top_logprobs: tops.map(sayToken),
      }),
    );
    return { content, refusal: null };
  }
  let offset = 0;
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ tops }) =>
      Object.fromEntries(tops.map(({ text, logprob }) => [text, logprob])),
    ),
    text_offset: tokens.map(({ text }) => {
      offset += text.length;
      return offset - text.length;
    }),
  };
}

const sayToken = ({ text, logprob }: { text: string; logprob: number }) => ({
  token: text,
  logprob,
  bytes: [...new TextEncoder().encode(text)],
});
