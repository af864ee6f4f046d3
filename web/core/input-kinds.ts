import { t } from '@lingui/core/macro';
import type { FileKind } from '#protocol/files/file-kind.ts';
import { describeForeign, INPUT_FORMATS, INPUT_KINDS } from '#protocol/files/foreign.ts';
import { isPictureTask, type TaskName } from '#protocol/tasks/task.ts';

const TEXTS: ReadonlySet<FileKind> = new Set<FileKind>(['json', 'text', 'csv']);
const PICTURES: ReadonlySet<FileKind> = new Set<FileKind>(['png', 'jpeg', 'webp', 'gif', 'avif']);

/** Whether a file holds inputs of a task: texts or a picture; without a task, tensors or either. */
export function isInputOf(kind: FileKind, task: TaskName | undefined): boolean {
  if (task === undefined) return INPUT_KINDS.has(kind);
  return (isPictureTask(task) ? PICTURES : TEXTS).has(kind);
}

/** What a file is that holds no inputs of a task, and what to send: `is a PDF document; …`. */
export function describeStranger(kind: FileKind, task: TaskName | undefined): string {
  const words = describeForeign(kind, 'inputs');
  // Pictures that are not taken have a way of their own.
  if (task === undefined || (isPictureTask(task) && !INPUT_KINDS.has(kind))) return words;
  const [what = ''] = words.split(';');
  return t`${what}; send ${nameInputs(task)}`;
}

/** What may be sent as inputs of a task, for a sentence. */
export function nameInputs(task: TaskName | undefined): string {
  if (task === undefined) return INPUT_FORMATS;
  return isPictureTask(task)
    ? t`pictures: PNG, JPEG, WebP, GIF or AVIF`
    : t`texts: JSON Lines, or a text file with one on each line`;
}

/** JSON files that say how a published model is used, by their names in its repository. */
export const isSettingsName = (name: string): boolean =>
  /(?:^|\/)(?:config|tokenizer|tokenizer_config|special_tokens_map|preprocessor_config|modules|sentence_bert_config)\.json$/.test(
    name,
  );
