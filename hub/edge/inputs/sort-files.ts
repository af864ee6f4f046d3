import type { FileFault } from '#protocol/values/refusal.ts';
import { faultOf } from './file-faults.ts';
import { detectFormat, type InputFormat } from './format.ts';
import type { InputFile } from './port.ts';

/** A file of tensors, and how they lie in it. */
export interface TensorFile {
  file: InputFile;
  format: Exclude<InputFormat, 'image'>;
}

/** Files by what their bytes are; `bad` are those that hold nothing we take. */
export interface SortedFiles {
  pictures: InputFile[];
  tensors: TensorFile[];
  bad: FileFault[];
}

/** Tells pictures, files of tensors and others apart. */
export function sortFiles(files: readonly InputFile[]): SortedFiles {
  const sorted: SortedFiles = { pictures: [], tensors: [], bad: [] };
  for (const file of files) {
    const format = detectFormat(file);
    if (!format.ok) sorted.bad.push(faultOf(file.name, format.refusal));
    else if (format.value === 'image') sorted.pictures.push(file);
    else sorted.tensors.push({ file, format: format.value });
  }
  return sorted;
}
