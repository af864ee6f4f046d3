import * as v from 'valibot';
import { Refusal } from '../values/refusal.ts';
import { Count } from '../values/units.ts';
import type { TaskName } from './task.ts';

const file = v.exactOptional(v.string());

/** A label and how likely it is, from 0 to 1. */
export const Label = v.object({ label: v.string(), score: v.number() });
export type Label = v.InferOutput<typeof Label>;

const Vectors = v.object({
  file,
  /** Of the item. */
  embedding: v.exactOptional(v.array(v.number())),
  /** Of each of its parts, where no pooling was asked for. */
  embeddings: v.exactOptional(v.array(v.array(v.number()))),
});
/** The likeliest first. */
const Labels = v.object({ file, labels: v.array(Label) });

const Entity = v.object({ entity: v.string(), score: v.number(), index: Count, word: v.string() });
const Word = v.object({
  token: Count,
  token_str: v.string(),
  score: v.number(),
  sequence: v.string(),
});
/** `length`: there was no room for more. */
const Written = v.object({
  file,
  text: v.string(),
  tokens: Count,
  finish: v.picklist(['stop', 'length']),
});
const Box = v.object({
  xmin: v.number(),
  ymin: v.number(),
  xmax: v.number(),
  ymax: v.number(),
});
const Found = v.object({ label: v.string(), score: v.number(), box: Box });

/** What a line of answers holds, by task. */
export const TASK_ANSWERS = {
  'feature-extraction': Vectors,
  'text-classification': Labels,
  'token-classification': v.object({ file, tokens: v.array(Entity) }),
  'fill-mask': v.object({ file, tokens: v.array(Word) }),
  'zero-shot-classification': Labels,
  'text-ranking': v.object({ file, score: v.number() }),
  'text-generation': Written,
  'image-classification': Labels,
  'image-feature-extraction': Vectors,
  'object-detection': v.object({ file, objects: v.array(Found) }),
} satisfies Record<TaskName, v.GenericSchema>;

/** A line of answers of a task. */
export type TaskAnswer<N extends TaskName> = v.InferOutput<(typeof TASK_ANSWERS)[N]>;

/** The line of an item that cannot be computed. */
export const ItemFailure = v.object({ file, error: Refusal });
export type ItemFailure = v.InferOutput<typeof ItemFailure>;

/** A line of results without a task: the outputs of the model by name, nested by axis. */
export const TensorRow = v.record(v.string(), v.unknown());
export type TensorRow = v.InferOutput<typeof TensorRow>;

/** A line of results: of a task or of tensors, or why its item cannot be computed. */
export const lineOf = (task: TaskName | undefined) =>
  v.union(
    [ItemFailure, task === undefined ? TensorRow : TASK_ANSWERS[task]],
    `expected a line of answers of ${task ?? 'tensors'}`,
  );
