import { detectFileKind } from '#protocol/files/file-kind.ts';
import { describeForeign } from '#protocol/files/foreign.ts';
import { decodeText } from '#protocol/files/text.ts';
import { TextPrompt } from '#protocol/generation/prompt.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { readJsonItems } from '#protocol/tensors/json-items.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { InputFile } from '../../inputs/port.ts';

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
    const lines = readLines(file);
    if (!lines.ok) return lines;
    for (const { value, at } of lines.value) {
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

function readLines(file: InputFile): Result<{ value: unknown; at: string }[]> {
  const { name, bytes } = file;
  const kind = detectFileKind(bytes);
  if (kind === 'empty') return refuse('input-empty', `${name} is empty`, name);
  if (kind !== 'json' && kind !== 'text' && kind !== 'csv') {
    const message = `${name} ${describeForeign(kind, 'inputs').split(';')[0]}; send prompts: JSON Lines, or a text file with one on each line`;
    return refuse('input-format', message, name);
  }
  const text = decodeText(bytes);
  if (!text.ok) return refuse('input-format', `${name}: ${text.refusal.message}`, name);
  if (kind !== 'json') {
    const lines = text.value
      .split(/\r\n|\r|\n/)
      .map((value, at) => ({ value, at: `line ${at + 1}` }));
    return accept(lines.filter(({ value }) => value.trim() !== ''));
  }
  const items: { value: unknown; at: string }[] = [];
  for (const item of readJsonItems(text.value, { isArray: Array.isArray, exact: false })) {
    if (!item.ok) return item;
    items.push(item.value);
  }
  return accept(items);
}
