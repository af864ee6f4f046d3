import type { PictureTaskName, RowTaskName, TaskName } from '#protocol/tasks/task.ts';
import { textGeneration } from './generation/text-generation.ts';
import { imageClassification } from './pictures/image-classification.ts';
import { imageFeatureExtraction } from './pictures/image-feature-extraction.ts';
import { objectDetection } from './pictures/object-detection.ts';
import type { Answerer, PictureTask, Task, TaskSettings, TextTask } from './port.ts';
import { featureExtraction } from './texts/feature-extraction.ts';
import { fillMask } from './texts/fill-mask.ts';
import { textClassification } from './texts/text-classification.ts';
import { textRanking } from './texts/text-ranking.ts';
import { tokenClassification } from './texts/token-classification.ts';
import { zeroShotClassification } from './texts/zero-shot-classification.ts';

/** All tasks of texts, by their names on the Hugging Face Hub. */
export const TEXTS: Readonly<Record<RowTaskName, TextTask>> = {
  'feature-extraction': featureExtraction,
  'text-classification': textClassification,
  'token-classification': tokenClassification,
  'fill-mask': fillMask,
  'zero-shot-classification': zeroShotClassification,
  'text-ranking': textRanking,
};

/** All tasks of pictures. */
export const PICTURES: Readonly<Record<PictureTaskName, PictureTask>> = {
  'image-classification': imageClassification,
  'image-feature-extraction': imageFeatureExtraction,
  'object-detection': objectDetection,
};

/** All tasks. */
export const TASKS: Readonly<Record<TaskName, Task>> = {
  ...TEXTS,
  ...PICTURES,
  'text-generation': textGeneration,
};

/** Opens the answers of a task. */
export const openAnswers = (task: TaskSettings): Answerer =>
  TASKS[task.options.name].openAnswers(task);
