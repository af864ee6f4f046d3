import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { ApiError, accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { formatValue } from './format.ts';

/** What came of one item. */
export interface ResultRow {
  /** Outputs by name, flattened in row-major order; not-finite numbers come as NaN. */
  values: ReadonlyMap<string, readonly number[]>;
  /** Why it failed: then it has no outputs. */
  error?: string;
  /** Name of the file it came in, where it had one of its own. */
  file?: string;
}

/**
 * Reads result lines: one JSON object per item, nested arrays by output name. Where items are
 * `named`, `file` is the name of an item's file.
 */
export function decodeResultLines(text: string, named = false): Result<ResultRow[]> {
  const rows: ResultRow[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    let item: unknown;
    try {
      item = JSON.parse(line);
    } catch {
      item = undefined;
    }
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      return refuse(
        'input-format',
        `Line ${rows.length + 1} of the results is not an object; reload the page and try again.`,
      );
    }
    rows.push(readRow(item, named));
  }
  return accept(rows);
}

function readRow(item: object, named: boolean): ResultRow {
  const { file, ...rest } = item as { file?: unknown };
  const isName = named && typeof file === 'string';
  const fields = isName ? rest : item;
  const failed = decodeWith(ApiError, fields);
  const values = Object.entries(fields).map(([name, value]) => [name, flatten(value)] as const);
  return {
    ...(isName && { file }),
    ...(failed.ok
      ? { values: new Map(), error: failed.value.error.message }
      : { values: new Map(values) }),
  };
}

function flatten(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(flatten);
  if (typeof value === 'number') return [value];
  if (typeof value === 'boolean') return [value ? 1 : 0];
  // i64 past 2^53 travels as text, and so do NaN and the infinities.
  return [typeof value === 'string' ? Number(value) : Number.NaN];
}

/**
 * The output that reads as one score per class: `[items, classes]`, float, 2 to 20,000 classes.
 * The first such output counts.
 */
export function findScores(outputs: readonly TensorSpec[]): TensorSpec | undefined {
  return outputs.find(({ dtype, shape }) => {
    const classes = shape[1] ?? 0;
    return shape.length === 2 && classes >= 2 && classes <= 20_000 && /^f(16|32|64)$/.test(dtype);
  });
}

/** The likeliest class and how sure the model is of it. */
export interface Prediction {
  label: number;
  /** Probability of the class. Scores that are no probabilities pass through a softmax. */
  share: number;
}

/** Undefined where there is no score that is a number. */
export function predict(scores: readonly number[]): Prediction | undefined {
  let label = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (const [index, score] of scores.entries()) {
    if (score > best) {
      best = score;
      label = index;
    }
  }
  if (label === -1) return undefined;
  const sum = scores.reduce((total, score) => total + score, 0);
  const areShares = scores.every((score) => score >= 0) && Math.abs(sum - 1) < 1e-2;
  if (areShares) return { label, share: best };
  const total = scores.reduce((part, score) => part + Math.exp(score - best), 0);
  return { label, share: 1 / total };
}

/** Share of rows whose likeliest class is the label; rows without a prediction count as wrong. */
export function measureAccuracy(
  rows: readonly ResultRow[],
  output: string,
  labels: readonly number[],
): { right: number; of: number } {
  let right = 0;
  const of = Math.min(rows.length, labels.length);
  for (let index = 0; index < of; index += 1) {
    if (predict(rows[index]?.values.get(output) ?? [])?.label === labels[index]) right += 1;
  }
  return { right, of };
}

/** The first few numbers of a tensor, and how many more there are. */
export function previewValues(values: readonly number[], count = 6): string {
  const shown = values.slice(0, count).map((value) => formatValue(value));
  return values.length > count ? `${shown.join(', ')} … (${values.length})` : shown.join(', ');
}
