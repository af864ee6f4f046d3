import { randomInt } from 'node:crypto';
import type { TextPrompt } from '#protocol/generation/prompt.ts';
import { ChatCompletionRequest, CompletionRequest } from '#protocol/openai/completions.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';

/** The two calls that write texts. */
export type WritingCall = 'chat' | 'text';

/** What a request wants. */
export interface Wishes {
  call: WritingCall;
  model: string;
  /** What every text is written after, and how. */
  prompt: TextPrompt;
  /** Of each text its own. */
  seeds: number[];
  /** Tokens of a text; undefined for as many as there is room for. */
  most: number | undefined;
  /** Texts that end a text, and are not part of it. */
  stops: string[];
  /** Probabilities of so many tokens in each place, the one written apart; undefined for none. */
  logprobs: number | undefined;
  isStream: boolean;
  withUsage: boolean;
}

const SEEDS = 2 ** 32;

/** Reads the body of either call. Throws what is wrong with it. */
export function readWishes(call: WritingCall, body: unknown): Wishes {
  const asked =
    call === 'chat'
      ? readChat(must(decodeWith(ChatCompletionRequest, body, 'request-invalid')))
      : readText(must(decodeWith(CompletionRequest, body, 'request-invalid')));
  const { request, ...own } = asked;
  const { model, temperature, top_p: topP, n, stop, stream, stream_options: options } = request;
  const first = request.seed == null ? randomInt(SEEDS) : ((request.seed % SEEDS) + SEEDS) % SEEDS;
  return {
    ...own,
    ...{ call, model },
    prompt: {
      ...own.prompt,
      ...(temperature != null && { temperature }),
      ...(topP != null && { topP }),
    },
    seeds: Array.from({ length: n ?? 1 }, (_, at) => (first + at) % SEEDS),
    stops: stop == null ? [] : [stop].flat(),
    isStream: stream === true,
    withUsage: options?.include_usage === true,
  };
}

function readChat(request: ChatCompletionRequest) {
  const { messages, max_completion_tokens: most, max_tokens: older, top_logprobs: top } = request;
  return {
    request,
    prompt: { messages },
    most: most ?? older ?? undefined,
    logprobs: request.logprobs === true ? (top ?? 0) : undefined,
  };
}

function readText(request: CompletionRequest) {
  const { prompt, max_tokens: most, logprobs } = request;
  return { request, prompt: { prompt }, most: most ?? undefined, logprobs: logprobs ?? undefined };
}
