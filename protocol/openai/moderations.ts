import * as v from 'valibot';
import { Texts } from './embeddings.ts';

/** A request for moderation as OpenAI's API has it, of texts. */
export const ModerationRequest = v.strictObject({
  /** A model of the hub that sorts texts into classes of which several may be true. */
  model: v.string(),
  input: Texts,
});
export type ModerationRequest = v.InferOutput<typeof ModerationRequest>;

/** The answer to a request: what is true of each text, in their order. */
export const ModerationList = v.strictObject({
  id: v.string(),
  model: v.string(),
  results: v.array(
    v.strictObject({
      /** Whether at least one category is true. */
      flagged: v.boolean(),
      /** By the names of the model's classes: those with a score of 0.5 or more. */
      categories: v.record(v.string(), v.boolean()),
      category_scores: v.record(v.string(), v.number()),
      category_applied_input_types: v.record(v.string(), v.array(v.literal('text'))),
    }),
  ),
});
export type ModerationList = v.InferOutput<typeof ModerationList>;

/** A category is true from this score on. */
const TRUE_FROM = 0.5;

/** Says the scores of one text, by category. */
export function sayModeration(
  scores: Readonly<Record<string, number>>,
): ModerationList['results'][number] {
  const names = Object.keys(scores);
  const categories = Object.fromEntries(
    names.map((name) => [name, (scores[name] ?? 0) >= TRUE_FROM]),
  );
  return {
    flagged: Object.values(categories).includes(true),
    categories,
    category_scores: { ...scores },
    category_applied_input_types: Object.fromEntries(names.map((name) => [name, ['text']])),
  };
}
