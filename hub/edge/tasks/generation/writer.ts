import { randomInt } from 'node:crypto';
import type { TextPrompt } from '#protocol/generation/prompt.ts';
import { SLICE_TOKENS_MAX, type Slice } from '#protocol/generation/slice.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { TextLimits } from '../../../core/models/decoder.ts';
import type { Settings } from '../repository.ts';
import { openTokenizer, type TextTokenizer } from '../tokenizer.ts';
import { openTemplate } from './template.ts';

/** What turns prompts into tokens, and tokens into texts. */
export interface Writer {
  limits: TextLimits;
  tokenizer: TextTokenizer;
  /** Conversations can be made texts of. */
  hasTemplate: boolean;
  /** The slice that goes on behind a prompt, and behind what was written after it before. */
  readPrompt(prompt: TextPrompt, context: number): Result<Slice>;
}

/** Opens what the files beside a model say of its texts. */
export function openWriter(settings: Settings): Result<Writer> {
  const opened = openTokenizer(settings);
  if (!opened.ok) return opened;
  const tokenizer = opened.value;
  const template = openTemplate(settings);
  const read = (prompt: TextPrompt, context: number): Result<Slice> => {
    const { written = [], newTokens = SLICE_TOKENS_MAX } = prompt;
    const text = textOf(prompt, template);
    if (!text.ok) return text;
    const ids = tokenizer.encodeAll(text.value, prompt.messages === undefined);
    const { length } = ids;
    const room = context - length - written.length;
    if (length > 0 && room > 0) {
      const { temperature = 1, topP = 1, topK = 0, seed = randomInt(2 ** 32) } = prompt;
      const drawn = { temperature, topP, topK, seed };
      return accept({ ids: [...ids, ...written], limit: Math.min(newTokens, room), ...drawn });
    }
    if (length === 0) return refuse('input-empty', 'the prompt has no tokens; write a text');
    const message = `the prompt has ${length} tokens${written.length > 0 ? ` and ${written.length} were written` : ''}, and the model takes ${context} with what it writes; shorten it`;
    return refuse('input-too-big', message);
  };
  const hasTemplate = template !== undefined;
  return accept({
    limits: limitsOf(settings, tokenizer),
    tokenizer,
    hasTemplate,
    readPrompt: read,
  });
}

function textOf(
  { messages, prompt }: TextPrompt,
  template: ReturnType<typeof openTemplate>,
): Result<string> {
  if ((messages === undefined) === (prompt === undefined)) {
    return refuse('request-invalid', 'send either messages or a prompt', 'messages');
  }
  if (prompt !== undefined) return accept(prompt);
  if (template !== undefined) return template(messages ?? []);
  const message =
    'this model has no chat template (chat_template in tokenizer_config.json); send a prompt in place of messages';
  return refuse('request-invalid', message, 'messages');
}

/** End tokens are said in up to three places, and all of them count. */
function limitsOf({ config = {}, generation = {} }: Settings, { end }: TextTokenizer): TextLimits {
  const said = [generation['eos_token_id'], config['eos_token_id'], end].flat();
  const ends = [...new Set(said.filter((id) => Number.isSafeInteger(id) && Number(id) >= 0))];
  const positions = Number(config['max_position_embeddings']);
  return { positions: positions > 0 ? positions : undefined, ends: ends.map(Number) };
}
