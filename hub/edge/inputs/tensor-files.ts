import { basename, extname } from 'node:path';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { decodeNpz } from '#protocol/tensors/npz.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import { faultOf, refuseFiles } from './file-faults.ts';
import type { InputFormat } from './format.ts';
import type { InputFile } from './port.ts';

type TensorFormat = Exclude<InputFormat, 'image'>;

/** Refuses what comes beside an archive or lines: each of those holds every input by itself. */
export function decodeTensorFiles(
  files: readonly { file: InputFile; format: TensorFormat }[],
): Result<Map<string, Tensor>> {
  const [first, ...others] = files;
  if (first === undefined)
    return refuse('input-empty', 'no input file was sent; send at least one');
  if (others.length > 0) return decodeArrays(files);
  const { file, format } = first;
  switch (format) {
    case 'safetensors': {
      const decoded = decodeSafetensors(file.bytes);
      return decoded.ok ? accept(decoded.value.tensors) : decoded;
    }
    case 'npz':
      return decodeNpz(file.bytes);
    default:
      return decodeArrays(files);
  }
}

/** One array a file, each named for its input: `pixels.npy`. All bad ones are named. */
function decodeArrays(
  files: readonly { file: InputFile; format: TensorFormat }[],
): Result<Map<string, Tensor>> {
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
    const name = basename(file.name, extname(file.name));
    if (tensors.has(name)) {
      const message = `two files are named ${name}; name each NPY file for its input`;
      return refuse('input-name', message, file.name);
    }
    tensors.set(name, tensor.value);
  }
  const [first, ...others] = bad;
  return first === undefined ? accept(tensors) : refuseFiles([first, ...others]);
}
