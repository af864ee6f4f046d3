import { Template } from '@huggingface/jinja';
import type { ChatMessage } from '#protocol/generation/prompt.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { Settings } from '../repository.ts';
import { textOf } from '../tokenizer.ts';

/** Makes one text of a conversation, with the start of the answer behind it. */
export type ChatTemplate = (messages: readonly ChatMessage[]) => Result<string>;

/**
 * Opens the chat template of a model: Jinja, as `chat_template` of `tokenizer_config.json` or
 * `chat_template.jinja` has it. It is run by an interpreter that reaches nothing outside. Undefined
 * where a model has none.
 */
export function openTemplate(settings: Settings): ChatTemplate | undefined {
  const source = sourceOf(settings);
  if (source === undefined) return undefined;
  const { bos_token: bos, eos_token: eos } = settings.tokenizerConfig ?? {};
  return (messages) => {
    const plain = messages.map(({ role, content }) => ({
      role: role === 'developer' ? 'system' : role,
      content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
    }));
    const given = {
      bos_token: textOf(bos) ?? '',
      eos_token: textOf(eos) ?? '',
      add_generation_prompt: true,
    };
    try {
      return accept(new Template(source).render({ ...given, messages: plain }));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const message = `the chat template of the model refuses these messages (${words.slice(0, 200)}); change them, or send a prompt`;
      return refuse('request-invalid', message, 'messages');
    }
  };
}

function sourceOf({ tokenizerConfig = {}, chatTemplate }: Settings): string | undefined {
  const { chat_template: own } = tokenizerConfig;
  if (typeof own === 'string') return own;
  if (!Array.isArray(own)) return chatTemplate;
  const named = own.find((each) => each?.name === 'default') ?? own[0];
  return typeof named?.template === 'string' ? named.template : chatTemplate;
}
