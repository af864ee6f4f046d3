import type { FileKind } from '#protocol/files/file-kind.ts';
import { describeForeign, INPUT_FORMATS, INPUT_KINDS } from '#protocol/files/foreign.ts';
import { accept, type Refusal, type Result, refuse } from '#protocol/values/refusal.ts';

/** A file of the upload form, with what its first bytes say it is. */
export interface ChosenFile<File extends { name: string }> {
  file: File;
  kind: FileKind;
}

/** What a file is sent as. Files that hold weights of a model have no mark to know them by. */
export type FileRole = 'model' | 'weights' | 'input' | 'foreign';

/** What a chosen file is sent as, by its bytes. */
export function roleOf({ kind }: { kind: FileKind }): FileRole {
  if (kind === 'onnx') return 'model';
  if (INPUT_KINDS.has(kind)) return 'input';
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
  skipBadFiles: boolean,
): Result<{ model: File; weights: File[]; inputs: File[] }> {
  const sent = (role: FileRole) =>
    chosen.filter((each) => roleOf(each) === role).map(({ file }) => file);
  const inputs = sent('input');
  const [only, ...others] = sent('weights');
  // A model that does not begin like one is for the hub to judge.
  const [model = others.length === 0 ? only : undefined] = sent('model');
  const [foreign] = chosen.filter((each) => roleOf(each) === 'foreign');
  if (foreign !== undefined && (!skipBadFiles || inputs.length === 0)) {
    const { name } = foreign.file;
    const message = `${name} ${describeForeign(foreign.kind, 'inputs')}, or remove it.`;
    return refuse('input-format', message, name);
  }
  if (model !== undefined && inputs.length > 0) {
    return accept({ model, weights: sent('weights').filter((file) => file !== model), inputs });
  }
  const lacks = model === undefined ? 'a model (an ONNX file)' : `inputs: ${INPUT_FORMATS}`;
  return refuse('request-invalid', `Add ${lacks} before you post the job.`);
}

/** What is wrong with each file, by its name: what it is, or what the hub said of it. */
export function faultsOf(
  chosen: readonly ChosenFile<{ name: string }>[],
  refusal: Refusal | undefined,
): ReadonlyMap<string, string> {
  const faults = new Map<string, string>();
  const path = chosen.find(({ file }) => file.name === refusal?.path)?.file.name;
  for (const { file, kind } of chosen) {
    const role = roleOf({ kind });
    if (role === 'foreign') faults.set(file.name, `It ${describeForeign(kind, 'inputs')}.`);
    const isOfModel = role === 'model' && path === undefined && refusal?.path !== 'taps';
    if (refusal?.code.startsWith('model-') && isOfModel) faults.set(file.name, refusal.message);
    if (refusal !== undefined && file.name === path) faults.set(path, refusal.message);
  }
  for (const { name, message } of refusal?.files ?? []) faults.set(name, message);
  return faults;
}
