import { detectFileKind } from '#protocol/files/file-kind.ts';
import { describeForeign } from '#protocol/files/foreign.ts';
import { decodeText } from '#protocol/files/text.ts';
import { readJsonItems } from '#protocol/tensors/json-items.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { InputFile } from '../inputs/port.ts';

/** What stands on a line, and where: `line 3`. */
export interface TextLine {
  value: unknown;
  at: string;
}

const KINDS = new Set(['json', 'text', 'csv']);

/**
 * Reads a file line by line: values of JSON Lines, or the lines of any other text, but for empty ones.
 * `what` says in a refusal what the lines are to be. The first refusal is the last one.
 */
export function* readTextLines(file: InputFile, what: string): Generator<Result<TextLine>> {
  const { name, bytes } = file;
  const kind = detectFileKind(bytes);
  if (kind === 'empty') return yield refuse('input-empty', `${name} is empty`, name);
  if (!KINDS.has(kind)) {
    const message = `${name} ${describeForeign(kind, 'inputs').split(';')[0]}; send ${what}: JSON Lines, or a text file with one on each line`;
    return yield refuse('input-format', message, name);
  }
  const text = decodeText(bytes);
  if (!text.ok) return yield refuse('input-format', `${name}: ${text.refusal.message}`, name);
  if (kind === 'json') {
    yield* readJsonItems(text.value, { isArray: Array.isArray, exact: false });
    return;
  }
  for (const [at, value] of text.value.split(/\r\n|\r|\n/).entries()) {
    if (value.trim() !== '') yield accept({ value, at: `line ${at + 1}` });
  }
}
