import { t } from '@lingui/core/macro';
import type { FileKind } from '#protocol/files/file-kind.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { accept, type Refusal, type Result, refuse } from '#protocol/values/refusal.ts';
import { describeStranger, isInputOf, isSettingsName, nameInputs } from './input-kinds.ts';

/** A file of the upload form, with what its first bytes say it is. */
export interface ChosenFile<File extends { name: string }> {
  file: File;
  kind: FileKind;
}

/** What a file is sent as. Files that hold weights of a model have no mark to know them by. */
export type FileRole = 'model' | 'weights' | 'settings' | 'input' | 'foreign';

/** What a chosen file is sent as, by its bytes; with a task, settings of the model by their names. */
export function roleOf(
  { file: { name }, kind }: ChosenFile<{ name: string }>,
  task?: TaskName,
): FileRole {
  if (kind === 'onnx') return 'model';
  if (task !== undefined && kind === 'json' && isSettingsName(name)) return 'settings';
  if (isInputOf(kind, task)) return 'input';
  return kind === 'unknown' ? 'weights' : 'foreign';
}

/**
 * Adds files to those chosen before. A job has one model, so a new one takes the place of the old,
 * and so does a file of the same name.
 */
export function addFiles<File extends { name: string }>(
  chosen: readonly ChosenFile<File>[],
  added: readonly ChosenFile<File>[],
): ChosenFile<File>[] {
  const names = new Set(added.map(({ file }) => file.name));
  const hasModel = added.some((each) => roleOf(each) === 'model');
  const kept = chosen.filter(
    (each) => !names.has(each.file.name) && !(hasModel && roleOf(each) === 'model'),
  );
  return [...kept, ...added];
}

/** Files by what they are sent as, or what is missing or cannot be sent. */
export function checkFiles<File extends { name: string }>(
  chosen: readonly ChosenFile<File>[],
  { skipBadFiles, task }: { skipBadFiles: boolean; task?: TaskName | undefined },
): Result<{ model: File; weights: File[]; inputs: File[] }> {
  const sent = (role: FileRole) =>
    chosen.filter((each) => roleOf(each, task) === role).map(({ file }) => file);
  const inputs = sent('input');
  const [only, ...others] = sent('weights');
  // A model that does not begin like one is for the hub to judge.
  const [model = others.length === 0 ? only : undefined] = sent('model');
  const [foreign] = chosen.filter((each) => roleOf(each, task) === 'foreign');
  if (foreign !== undefined && (!skipBadFiles || inputs.length === 0)) {
    const { name } = foreign.file;
    const message = t`${name} ${describeStranger(foreign.kind, task)}, or remove it.`;
    return refuse('input-format', message, name);
  }
  if (model !== undefined && inputs.length > 0) {
    const beside = [...sent('weights'), ...sent('settings')].filter((file) => file !== model);
    return accept({ model, weights: beside, inputs });
  }
  const lacks =
    model === undefined
      ? t`Add a model (an ONNX file) before you post the job.`
      : t`Add inputs (${nameInputs(task)}) before you post the job.`;
  return refuse('request-invalid', lacks);
}

/** What is wrong with each file, by its name: what it is, or what the hub said of it. */
export function faultsOf(
  chosen: readonly ChosenFile<{ name: string }>[],
  { refusal, task }: { refusal?: Refusal | undefined; task?: TaskName | undefined },
): ReadonlyMap<string, string> {
  const faults = new Map<string, string>();
  const path = chosen.find(({ file }) => file.name === refusal?.path)?.file.name;
  for (const each of chosen) {
    const { file, kind } = each;
    const role = roleOf(each, task);
    if (role === 'foreign') faults.set(file.name, t`It ${describeStranger(kind, task)}.`);
    const isOfModel = role === 'model' && path === undefined && refusal?.path !== 'taps';
    if (refusal?.code.startsWith('model-') && isOfModel) faults.set(file.name, refusal.message);
    if (refusal !== undefined && file.name === path) faults.set(path, refusal.message);
  }
  for (const { name, message } of refusal?.files ?? []) faults.set(name, message);
  return faults;
}
