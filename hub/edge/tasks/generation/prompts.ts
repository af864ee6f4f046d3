import { TextPrompt } from '#protocol/generation/prompt.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { InputFile } from '../../inputs/port.ts';
import { readTextLines } from '../text-lines.ts';

/** A prompt, and where it stands, for a sentence: `a.jsonl: line 3`. */
export interface PromptItem {
  prompt: TextPrompt;
  at: string;
}

const ITEMS_MAX = 200_000;

/**
 * Reads prompts: of JSON Lines a text each, or an object with `messages` or `prompt`; of any other
 * text file a line each. A text is what a user says, where the model has a chat template.
 */
export function readPrompts(
  files: readonly InputFile[],
  { options, hasTemplate }: { options: TaskOptions; hasTemplate: boolean },
): Result<PromptItem[]> {
  const items: PromptItem[] = [];
  const { newTokens, temperature, topP, topK, seed, system } = options;
  const shared = {
    ...(newTokens !== undefined && { newTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seed !== undefined && { seed }),
  };
  const ofText = (text: string): TextPrompt => {
    if (!hasTemplate) return { ...shared, prompt: text };
    const said = { role: 'user', content: text } as const;
    const before = system === undefined ? [] : [{ role: 'system', content: system } as const];
    return { ...shared, messages: [...before, said] };
  };
  for (const file of files) {
    for (const line of readTextLines(file, 'prompts')) {
      if (!line.ok) return line;
      const { value, at } = line.value;
      const place = files.length > 1 ? `${file.name}: ${at}` : at;
      if (items.length >= ITEMS_MAX) {
        return refuse('input-too-big', `a job has at most ${ITEMS_MAX} prompts; post several jobs`);
      }
      if (typeof value === 'string') {
        items.push({ prompt: ofText(value), at: place });
        continue;
      }
      const read = decodeWith(TextPrompt, value, 'input-format');
      if (!read.ok) {
        return refuse('input-format', `${place}: ${read.refusal.message}`, place);
      }
      items.push({ prompt: { ...shared, ...read.value }, at: place });
    }
  }
  if (items.length > 0) return accept(items);
  return refuse('input-empty', 'there are no prompts in what was sent; write one on each line');
}
