import type { Settings } from './repository.ts';

/** The name of a class by its number. */
export type Labels = (index: number) => string;

/** Names of the classes of a model; `LABEL_7` where it has none. */
export function labelsOf({ config = {} }: Settings): Labels {
  const named = config['id2label'] as Readonly<Record<string, unknown>> | undefined;
  return (index) => String(named?.[index] ?? `LABEL_${index}`);
}

interface Ranked {
  index: number;
  score: number;
}

/** Label and score of a place. */
export const nameWith =
  (labels: Labels) =>
  ({ index, score }: Ranked): { label: string; score: number } => ({ label: labels(index), score });

/** The likeliest, the first of equals first. */
export const rank = (scores: readonly number[], count: number): Ranked[] =>
  scores
    .map((score, index) => ({ index, score }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, count);

/** A share between 0 and 1. */
export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** Shares of 1, by powers of e. */
export function softmax(values: readonly number[]): number[] {
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
