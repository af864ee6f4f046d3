import { basename, extname } from 'node:path';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { decodeNpz } from '#protocol/tensors/npz.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelInput } from '../../core/models/check.ts';
import { faultOf, refuseFiles } from './file-faults.ts';
import { decodeLinesFile } from './lines-file.ts';
import type { TensorFile } from './sort-files.ts';
import { UNITS_BYTES_MAX } from './units.ts';

/** The tensors of one file, by the names it gives them; an NPY file gives its own. */
export function decodeTensorFile(
  { file, format }: TensorFile,
  inputs: readonly ModelInput[],
  bytesMax = UNITS_BYTES_MAX,
): Result<Map<string, Tensor>> {
  return format === 'jsonl'
    ? decodeLinesFile(file, inputs)
    : decodeArchive({ file, format }, bytesMax);
}

/** The tensors of one file that says their names and shapes itself. */
export function decodeArchive(
  { file, format }: TensorFile & { format: Exclude<TensorFile['format'], 'jsonl'> },
  bytesMax = UNITS_BYTES_MAX,
): Result<Map<string, Tensor>> {
  switch (format) {
    case 'safetensors': {
      const decoded = decodeSafetensors(file.bytes);
      return decoded.ok ? accept(decoded.value.tensors) : decoded;
    }
    case 'npz':
      return decodeNpz(file.bytes, { bytesMax, arraysMax: ARRAYS_MAX });
    case 'npy': {
      const tensor = decodeNpy(file.bytes);
      return tensor.ok ? accept(new Map([[nameOf(file), tensor.value]])) : tensor;
    }
  }
}

const ARRAYS_MAX = 256;
const nameOf = ({ name }: TensorFile['file']): string => basename(name, extname(name));

/**
 * One array a file, each named for its input: `pixels.npy`. All bad ones are named. Refuses what
 * comes beside them: any other file holds every input by itself.
 */
export function decodeArrays(files: readonly TensorFile[]): Result<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  const bad: FileFault[] = [];
  for (const { file, format } of files) {
    if (format !== 'npy') {
      const message = `${file.name} holds every input by itself; send it alone, or one NPY file for each input`;
      return refuse('input-format', message, file.name);
    }
    const tensor = decodeNpy(file.bytes);
    if (!tensor.ok) {
      bad.push(faultOf(file.name, tensor.refusal));
      continue;
    }
    const name = nameOf(file);
    if (tensors.has(name)) {
      const message = `two files are named ${name}; name each NPY file for its input`;
      return refuse('input-name', message, file.name);
    }
    tensors.set(name, tensor.value);
  }
  const [first, ...others] = bad;
  return first === undefined ? accept(tensors) : refuseFiles([first, ...others]);
}
