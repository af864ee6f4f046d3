import { t } from '@lingui/core/macro';
import { ModelOptions } from '#protocol/api/models.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { isSettingsName } from './input-kinds.ts';

/** The form for a model that the hub is to keep, as typed. */
export interface ModelForm {
  name: string;
  revision: string;
  /** As `ModelDtype` names it; empty where nothing is said. */
  dtype: string;
  /** Path of the ONNX file that is sent; empty for the only one. */
  onnx: string;
}

/** The form before anything was chosen. */
export const MODEL_FORM_EMPTY: ModelForm = { name: '', revision: '', dtype: '', onnx: '' };

/** A file of a model under its path: in a folder that was chosen, or by its name alone. */
export interface ModelPart<File> {
  path: string;
  file: File;
}

/** Files under their paths inside the folder that they came in, if they came in one. */
export function pathsInside<File extends { name: string; webkitRelativePath: string }>(
  files: readonly File[],
): ModelPart<File>[] {
  return files.map((file) => ({
    path: file.webkitRelativePath.replace(/^[^/]*\//, '') || file.name,
    file,
  }));
}

/** Paths of the ONNX files among some files. */
export const onnxPaths = (parts: readonly ModelPart<unknown>[]): string[] =>
  parts.flatMap(({ path }) => (/\.onnx$/i.test(path) ? [path] : []));

/** What is sent of them: one ONNX file, the files with its data, and its settings. */
export function chooseParts<File>(
  parts: readonly ModelPart<File>[],
  onnx: string,
): Result<ModelPart<File>[]> {
  const [only, ...others] = onnxPaths(parts);
  const chosen = onnx || (others.length === 0 ? only : undefined);
  if (chosen === undefined) {
    const message =
      only === undefined
        ? t`Add an ONNX file, or the folder of a model that has one.`
        : t`Choose which of the ONNX files is sent.`;
    return refuse('request-invalid', message, 'onnx');
  }
  return accept(
    parts.filter(({ path }) => path === chosen || isDataOf(path, chosen) || isSettingsName(path)),
  );
}

/** Whether a file is called as the data beside an ONNX file is. */
const isDataOf = (path: string, onnx: string): boolean =>
  path.startsWith(onnx) && /^[._]data(_\d+)?$/.test(path.slice(onnx.length));

/** Turns what was typed into `ModelOptions`, or says which field is wrong and what it wants. */
export function decodeModelForm(form: ModelForm): Result<ModelOptions> {
  const [name, revision] = [form.name.trim(), form.revision.trim()];
  const options = {
    name,
    ...(revision && { revision }),
    ...(form.dtype && { dtype: form.dtype }),
  };
  return decodeWith(ModelOptions, options, 'request-invalid');
}

/** A name for a model, of the folder or the file that it came in. */
export function suggestName(folder: string | undefined, onnx: string | undefined): string {
  const stem = folder || (onnx ?? '').replace(/^.*\//, '').replace(/\.onnx$/i, '');
  return stem
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 96);
}
