import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import { PICTURE_TASKS, type TaskName, TEXT_TASKS } from '#protocol/tasks/task.ts';
import { say } from './language.ts';

/** What the settings of a published model say, as far as the playground needs it. */
export interface ModelSettings {
  /** Paths of all its files. */
  files: readonly string[];
  /** Of `config.json`. */
  architectures: readonly string[];
  /** Names of its classes, in their order. */
  labels: readonly string[];
  /** The text that stands for a word to be found. */
  mask?: string;
}

const ARCHITECTURES: readonly (readonly [ending: RegExp, tasks: readonly TaskName[]])[] = [
  [
    /ForSequenceClassification$/,
    ['text-classification', 'zero-shot-classification', 'text-ranking'],
  ],
  [/ForTokenClassification$/, ['token-classification']],
  [/ForMaskedLM$/, ['fill-mask']],
  [/ForCausalLM$/, ['text-generation']],
  [/ForImageClassification$/, ['image-classification']],
  [/ForObjectDetection$/, ['object-detection']],
  [/(?:Model|WithProjection)$/, ['feature-extraction', 'image-feature-extraction']],
];

/** Whether a model has a file of this name, in whatever folder. */
const has = ({ files }: ModelSettings, name: string): boolean =>
  files.some((path) => path === name || path.endsWith(`/${name}`));

/**
 * Tasks that fit a model, the likeliest first: by its architecture where it names one, else all of
 * texts, or of pictures. None fits a model without settings: it takes tensors.
 */
export function findTasks(settings: ModelSettings): readonly TaskName[] {
  const all: readonly TaskName[] = [
    ...(has(settings, 'tokenizer.json') ? TEXT_TASKS : []),
    ...(has(settings, 'preprocessor_config.json') ? PICTURE_TASKS : []),
  ];
  const fitting = settings.architectures.flatMap(
    (name) => ARCHITECTURES.find(([ending]) => ending.test(name))?.[1] ?? [],
  );
  const tasks = all.filter((task) => fitting.length === 0 || fitting.includes(task));
  const likely = guessTasks(settings);
  const first = tasks.filter((task) => likely.includes(task));
  return [...first, ...tasks.filter((task) => !first.includes(task))];
}

/** What the labels and files of a model speak for. */
function guessTasks(settings: ModelSettings): readonly TaskName[] {
  const { labels } = settings;
  if (has(settings, '1_Pooling/config.json')) return ['feature-extraction'];
  if (labels.some((label) => /^entail/i.test(label))) return ['zero-shot-classification'];
  if (labels.some((label) => /^O$|^[BI]-/.test(label))) return ['token-classification'];
  if (labels.length === 1) return ['text-ranking'];
  if (labels.length > 1) return ['text-classification', 'image-classification'];
  return ['feature-extraction', 'image-feature-extraction'];
}

const TASK_WORDS: Readonly<Record<TaskName, MessageDescriptor>> = {
  'feature-extraction': msg`Vectors of texts`,
  'text-classification': msg`Labels of texts`,
  'token-classification': msg`Names in texts`,
  'fill-mask': msg`A word to be found`,
  'zero-shot-classification': msg`Your own labels`,
  'text-ranking': msg`Documents by a query`,
  'text-generation': msg`Texts that go on`,
  'image-classification': msg`Labels of pictures`,
  'image-feature-extraction': msg`Vectors of pictures`,
  'object-detection': msg`Objects in pictures`,
};

/** What a task does, for a person who chooses one. */
export const nameTask = (task: TaskName): string => say(TASK_WORDS[task]);
