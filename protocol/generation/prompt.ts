import * as v from 'valibot';
import { Count } from '../values/units.ts';
import { SLICE_TOKENS_MAX } from './slice.ts';

const Text = v.string();
const Part = v.strictObject({ type: v.literal('text'), text: Text }, 'expected parts of text');

/** A turn of a conversation: a text, or parts of one. */
export const ChatMessage = v.object({
  role: v.picklist(
    ['system', 'developer', 'user', 'assistant'],
    'expected system, developer, user or assistant',
  ),
  content: v.union([Text, v.array(Part)], 'expected a text, or parts of text'),
});
export type ChatMessage = v.InferOutput<typeof ChatMessage>;

const Messages = v.pipe(v.array(ChatMessage), v.minLength(1), v.maxLength(1_000));
/** What a text is drawn by. */
const DRAWN = {
  /** 0 takes the likeliest token each time; 1 is the model's own. */
  temperature: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  topP: v.exactOptional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
  /** The likeliest so many tokens are drawn from; 0 for all. */
  topK: v.exactOptional(v.pipe(Count, v.maxValue(1_000))),
  /** The same seed gives the same text; one is drawn where none is given. */
  seed: v.exactOptional(v.pipe(Count, v.maxValue(2 ** 32 - 1))),
};

/** What a text is written after, and how: of a line of a job, or of a request. */
export const TextPrompt = v.strictObject({
  /** A conversation, which the model's template makes a text of; or a text as it is. */
  messages: v.exactOptional(Messages),
  prompt: v.exactOptional(v.pipe(Text, v.minLength(1))),
  /** Tokens that were written behind it before: the text goes on behind them. */
  written: v.exactOptional(v.pipe(v.array(Count), v.maxLength(16_384))),
  /** Tokens at most. */
  newTokens: v.exactOptional(v.pipe(Count, v.minValue(1), v.maxValue(SLICE_TOKENS_MAX))),
  ...DRAWN,
});
export type TextPrompt = v.InferOutput<typeof TextPrompt>;
