import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { InputFile } from '../inputs/port.ts';
import { readTextLines, type TextLine } from './text-lines.ts';

/** A text of an item, and a second one where the model takes pairs. */
export interface TextItem {
  text: string;
  pair?: string;
  /** Where it stands, for a sentence: `a.jsonl: line 3`. */
  at: string;
}

/** Names of the fields of a line: of its text, and of the second one. */
const FIELDS = { text: ['text', 'query'], pair: ['pair', 'text_pair', 'document'] } as const;
const ITEMS_MAX = 4_000_000;

/**
 * Reads texts: of JSON Lines a text each, or an object with `text` and, for a pair, `pair` (`query`
 * and `document` are the same); of any other text file a line each.
 */
export function readTexts(files: readonly InputFile[]): Result<TextItem[]> {
  const items: TextItem[] = [];
  for (const file of files) {
    const named = (at: string) => (files.length > 1 ? `${file.name}: ${at}` : at);
    for (const line of readTextLines(file, 'texts')) {
      const item = line.ok ? readItem(line.value) : line;
      if (!item.ok) return refuse(item.refusal.code, item.refusal.message, item.refusal.path);
      if (items.length >= ITEMS_MAX) {
        return refuse('input-too-big', `a job has at most ${ITEMS_MAX} texts; post several jobs`);
      }
      items.push({ ...item.value, at: named(item.value.at) });
    }
  }
  if (items.length > 0) return accept(items);
  return refuse('input-empty', 'there are no texts in what was sent; write one on each line');
}

function readItem({ value, at }: TextLine): Result<TextItem> {
  if (typeof value === 'string') return accept({ text: value, at });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `${at} is no text; write "a text" or {"text": "a text"}`;
    return refuse('input-format', message, at);
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const known: readonly string[] = [...FIELDS.text, ...FIELDS.pair];
  const odd = [...fields.keys()].find((name) => !known.includes(name));
  if (odd !== undefined) {
    const message = `${at} names ${odd}, and a text has the fields text and, for a pair, pair; rename or drop it`;
    return refuse('input-name', message, at);
  }
  const find = (names: readonly string[]) => names.find((name) => fields.has(name)) ?? '';
  const [text, pair] = [fields.get(find(FIELDS.text)), fields.get(find(FIELDS.pair))];
  if (typeof text !== 'string' || (pair !== undefined && typeof pair !== 'string')) {
    const name = typeof text === 'string' ? find(FIELDS.pair) : 'text';
    return refuse('input-name', `${at}: ${name} must be a text; write it in quotes`, at);
  }
  return accept({ text, ...(pair !== undefined && { pair }), at });
}
