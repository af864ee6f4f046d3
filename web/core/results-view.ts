import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { formatValue } from './format.ts';

/** Outputs of one item by name, each flattened in row-major order; what is no number is NaN. */
export const readValues = (fields: object): ReadonlyMap<string, readonly number[]> =>
  new Map(Object.entries(fields).map(([name, value]) => [name, flatten(value)]));

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

/** Items whose likeliest class is their label; those without a prediction count as wrong. */
export function measureAccuracy(
  scores: readonly (readonly number[])[],
  labels: readonly number[],
): { right: number; of: number } {
  const of = Math.min(scores.length, labels.length);
  const known = scores.slice(0, of);
  const right = known.filter((row, index) => predict(row)?.label === labels[index]).length;
  return { right, of };
}

/** The first few numbers of a tensor, and how many more there are. */
export function previewValues(values: readonly number[], count = 6): string {
  const shown = values.slice(0, count).map((value) => formatValue(value));
  return values.length > count ? `${shown.join(', ')} … (${values.length})` : shown.join(', ');
}
