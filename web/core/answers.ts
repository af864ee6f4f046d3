/** A label, and how sure the model is of it: 0 to 1. */
export interface Label {
  label: string;
  score: number;
}

/** A token that is something, as the model counts and writes it. */
export interface NamedToken {
  entity: string;
  score: number;
  index: number;
  word: string;
}

/** An object in a picture; its box is in parts of the picture, or in pixels. */
export interface FoundObject extends Label {
  box: { xmin: number; ymin: number; xmax: number; ymax: number };
}

/** What a model says of one item. */
export type Answer =
  | { kind: 'labels'; labels: readonly Label[] }
  | { kind: 'tokens'; tokens: readonly NamedToken[] }
  /** Words in the place of a mask, with the sentence that each one makes. */
  | { kind: 'words'; words: readonly (Label & { sentence: string })[] }
  /** How well a document fits a query, 0 to 1. */
  | { kind: 'score'; score: number }
  /** What was written, and whether the model ended it. */
  | { kind: 'text'; text: string; finish: 'stop' | 'length' }
  | { kind: 'vector'; vector: readonly number[] }
  | { kind: 'vectors'; vectors: readonly (readonly number[])[] }
  | { kind: 'objects'; objects: readonly FoundObject[] }
  /** Outputs of a job without a task, by name. */
  | { kind: 'values'; values: ReadonlyMap<string, readonly number[]> }
  | { kind: 'failed'; error: string };

/** The answer to one item of a job, counted from 0. */
export interface AnswerRow {
  item: number;
  /** Name of the file it came in, where it had one of its own. */
  file?: string;
  answer: Answer;
}

/** Scores from 0 to 1 that the likeliest of come first. */
export const byScore = <T extends { score: number }>(list: readonly T[]): T[] =>
  list.toSorted((a, b) => b.score - a.score);

/** How alike two vectors point: the cosine of their angle, 1 for the same way. */
export function closeness(one: readonly number[], other: readonly number[]): number {
  let [dot, ones, others] = [0, 0, 0];
  for (const [at, value] of one.entries()) {
    const second = other[at] ?? 0;
    dot += value * second;
    ones += value * value;
    others += second * second;
  }
  return dot / Math.sqrt(ones * others);
}

/** A stretch of a text; with a token where the model says that it is something. */
export interface TextPart {
  text: string;
  token?: NamedToken;
}

/** What tokenizers write before or in front of the text of a token. */
const MARKS = /^##|^[▁Ġ]+|<\/w>$|^\s+|\s+$/g;

/**
 * Cuts a text where its tokens are. Models count tokens and not letters: a token is looked for behind
 * the one before, nearest to where as many words would be. Tokens that are not found are `missing`.
 */
export function markTokens(
  text: string,
  tokens: readonly NamedToken[],
): { parts: TextPart[]; missing: NamedToken[] } {
  const lower = text.toLowerCase();
  const starts = lower.length === text.length ? wordStarts(text) : [];
  const parts: TextPart[] = [];
  const missing: NamedToken[] = [];
  let from = 0;
  let wordAt = { word: 0, index: 1 };
  for (const token of tokens.toSorted((a, b) => a.index - b.index)) {
    const word = token.word.replace(MARKS, '').toLowerCase();
    const isRest = token.word.startsWith('##');
    const due = wordAt.word + token.index - wordAt.index;
    const at = isRest ? lower.indexOf(word, from) : findNear({ lower, starts, word, from }, due);
    if (word === '' || at < 0 || starts.length === 0) {
      missing.push(token);
      continue;
    }
    if (at > from) parts.push({ text: text.slice(from, at) });
    from = at + word.length;
    parts.push({ text: text.slice(at, from), token });
    wordAt = { word: starts.findLastIndex((start) => start <= at), index: token.index };
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return { parts, missing };
}

/** Where words and marks begin. */
const wordStarts = (text: string): number[] =>
  [...text.matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)].map(({ index }) => index);

/** The place of a word, from a place on, that is nearest to the word of a number. */
function findNear(
  place: { lower: string; starts: readonly number[]; word: string; from: number },
  due: number,
): number {
  const { lower, starts, word, from } = place;
  let best = { at: -1, off: Number.POSITIVE_INFINITY };
  for (const [number, start] of starts.entries()) {
    const off = Math.abs(number - due);
    if (start >= from && off < best.off && lower.startsWith(word, start)) best = { at: start, off };
  }
  return best.at < 0 ? lower.indexOf(word, from) : best.at;
}
