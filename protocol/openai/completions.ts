import * as v from 'valibot';
import { ChatMessage } from '../generation/prompt.ts';
import { TOP_LOGITS } from '../generation/slice.ts';
import { Count } from '../values/units.ts';

const Stops = v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.maxLength(4));
const Some = v.pipe(Count, v.minValue(1));
const none = (what: string) => v.optional(v.literal(0, `${what} is not supported; leave it out`));
/** Texts of one request at most. */
const CHOICES_MAX = 8;
const Top = v.pipe(Count, v.maxValue(TOP_LOGITS));

/** What both calls say of the texts that they want. */
const WISHES = {
  model: v.string(),
  max_tokens: v.optional(v.nullable(Some)),
  temperature: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(2)))),
  top_p: v.optional(v.nullable(v.pipe(v.number(), v.gtValue(0), v.maxValue(1)))),
  seed: v.optional(v.nullable(v.pipe(v.number(), v.safeInteger()))),
  n: v.optional(v.nullable(v.pipe(Some, v.maxValue(CHOICES_MAX)))),
  stop: v.optional(v.nullable(v.union([v.pipe(v.string(), v.minLength(1)), Stops]))),
  stream: v.optional(v.nullable(v.boolean())),
  stream_options: v.optional(
    v.nullable(v.strictObject({ include_usage: v.optional(v.boolean()) })),
  ),
  frequency_penalty: none('frequency_penalty'),
  presence_penalty: none('presence_penalty'),
  user: v.optional(v.string()),
};

/** A request for the next turn of a conversation, as OpenAI's API has it, of texts. */
export const ChatCompletionRequest = v.strictObject({
  ...WISHES,
  messages: v.pipe(v.array(ChatMessage), v.minLength(1), v.maxLength(1_000)),
  max_completion_tokens: v.optional(v.nullable(Some)),
  logprobs: v.optional(v.nullable(v.boolean())),
  top_logprobs: v.optional(v.nullable(Top)),
});
export type ChatCompletionRequest = v.InferOutput<typeof ChatCompletionRequest>;

/** A request for how a text goes on. */
export const CompletionRequest = v.strictObject({
  ...WISHES,
  prompt: v.pipe(v.string(), v.minLength(1)),
  logprobs: v.optional(v.nullable(Top)),
});
export type CompletionRequest = v.InferOutput<typeof CompletionRequest>;

const Usage = v.strictObject({
  prompt_tokens: Count,
  completion_tokens: Count,
  total_tokens: Count,
});
const Finish = v.nullable(v.picklist(['stop', 'length']));
const TopLogprob = v.strictObject({
  token: v.string(),
  logprob: v.number(),
  bytes: v.nullable(v.array(Count)),
});
/** A token, and how likely it was. */
const TokenLogprob = v.strictObject({ ...TopLogprob.entries, top_logprobs: v.array(TopLogprob) });
/** The same, as it is said. */
export type TokenLogprob = v.InferOutput<typeof TokenLogprob>;
const ANSWER = {
  id: v.string(),
  created: Count,
  model: v.string(),
  /** The id of the package: of the same one the same seed gives the same text. */
  system_fingerprint: v.string(),
};

/** The answer to a request for a turn of a conversation. */
export const ChatCompletion = v.strictObject({
  ...ANSWER,
  object: v.literal('chat.completion'),
  choices: v.array(
    v.strictObject({
      index: Count,
      message: v.strictObject({
        role: v.literal('assistant'),
        content: v.string(),
        refusal: v.null(),
      }),
      logprobs: v.nullable(v.strictObject({ content: v.array(TokenLogprob), refusal: v.null() })),
      finish_reason: Finish,
    }),
  ),
  usage: Usage,
});

/** The answer to a request for how a text goes on. */
export const Completion = v.strictObject({
  ...ANSWER,
  object: v.literal('text_completion'),
  choices: v.array(
    v.strictObject({
      index: Count,
      text: v.string(),
      logprobs: v.nullable(
        v.strictObject({
          tokens: v.array(v.string()),
          token_logprobs: v.array(v.number()),
          top_logprobs: v.array(v.record(v.string(), v.number())),
          text_offset: v.array(Count),
        }),
      ),
      finish_reason: Finish,
    }),
  ),
  usage: Usage,
});
