import * as v from 'valibot';
import { TextPrompt } from '../generation/prompt.ts';
import { Count } from '../values/units.ts';

/** Tasks of texts; names as on the Hugging Face Hub. */
export const TEXT_TASKS = [
  'feature-extraction',
  'text-classification',
  'token-classification',
  'fill-mask',
  'zero-shot-classification',
  'text-ranking',
  'text-generation',
] as const;
/** The name of a task of texts. */
export type TextTaskName = (typeof TEXT_TASKS)[number];
/** The name of a task that runs its model once for a text. */
export type RowTaskName = Exclude<TextTaskName, 'text-generation'>;

/** Tasks of pictures. */
export const PICTURE_TASKS = [
  'image-classification',
  'image-feature-extraction',
  'object-detection',
] as const;
/** The name of a task of pictures. */
export type PictureTaskName = (typeof PICTURE_TASKS)[number];

const NAMES = [...TEXT_TASKS, ...PICTURE_TASKS] as const;

/** What a model is asked to do with texts or pictures. */
export const TaskName = v.picklist(NAMES, `expected one of ${NAMES.join(', ')}`);
export type TaskName = v.InferOutput<typeof TaskName>;

/** Whether the items of a task are pictures. */
export const isPictureTask = (name: TaskName): name is PictureTaskName =>
  PICTURE_TASKS.some((task) => task === name);

const Label = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200));
const Some = v.pipe(Count, v.minValue(1));

/** What a developer says of a task. What is absent the repository of the model says. */
export const TaskOptions = v.strictObject({
  name: TaskName,
  /** How the vectors of parts become one of the item (of texts and of pictures). */
  pooling: v.exactOptional(
    v.picklist(['mean', 'cls', 'last-token', 'none'], 'expected mean, cls, last-token or none'),
  ),
  /** Whether a vector is brought to length 1 (of texts and of pictures). */
  normalize: v.exactOptional(v.boolean()),
  /** Tokens of a text, with those that the model adds. */
  maxTokens: v.exactOptional(v.pipe(Some, v.maxValue(8_192))),
  /** What is done with a longer text; it is cut unless this says `refuse`. */
  overLength: v.exactOptional(v.picklist(['truncate', 'refuse'], 'expected truncate or refuse')),
  /** Answers for each item, the likeliest first; tokens that the next is drawn from (text-generation). */
  topK: v.exactOptional(v.pipe(Some, v.maxValue(1_000))),
  /** What texts may be about (zero-shot-classification). */
  labels: v.exactOptional(v.pipe(v.array(Label), v.minLength(1), v.maxLength(64))),
  /** The sentence that a label is put into, in the place of `{}` (zero-shot-classification). */
  hypothesis: v.exactOptional(
    v.pipe(Label, v.includes('{}', 'expected a sentence with {} in it, for the label')),
  ),
  /** Whether several labels may be true of one text (zero-shot-classification). */
  multiLabel: v.exactOptional(v.boolean()),
  /** The least score of an object that is told (object-detection). */
  threshold: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  /** Tokens that are written at most (text-generation). */
  newTokens: TextPrompt.entries.newTokens,
  /** 0 takes the likeliest token each time; 1 is the model's own (text-generation). */
  temperature: TextPrompt.entries.temperature,
  /** The likeliest tokens that together are so likely are drawn from (text-generation). */
  topP: TextPrompt.entries.topP,
  /** The same seed gives the same text (text-generation). */
  seed: TextPrompt.entries.seed,
  /** What the model is told before each text (text-generation). */
  system: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(8_000))),
  /** Whether boxes are in parts of the picture, from 0 to 1, and not in pixels (object-detection). */
  percentage: v.exactOptional(v.boolean()),
});
export type TaskOptions = v.InferOutput<typeof TaskOptions>;
