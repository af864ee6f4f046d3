import { basename, extname } from 'node:path';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { decodeNpz } from '#protocol/tensors/npz.ts';
import { decodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { decodeTensorLines } from '#protocol/tensors/tensor-lines.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelInput } from '../../core/models/check.ts';
import { faultOf, refuseFiles } from './file-faults.ts';
import type { InputFormat } from './format.ts';
import type { InputFile } from './port.ts';

type TensorFormat = Exclude<InputFormat, 'image'>;

/** Refuses what comes beside an archive or lines: each of those holds every input by itself. */
export function decodeTensorFiles(
  files: readonly { file: InputFile; format: TensorFormat }[],
  inputs: readonly ModelInput[],
): Result<Map<string, Tensor>> {
  const [first, ...others] = files;
  if (first === undefined)
    return refuse('input-empty', 'no input file was sent; send at least one');
  return others.length === 0
    ? decodeTensorFile(first.file, first.format, inputs)
    : decodeArrays(files);
}

function decodeTensorFile(
  file: InputFile,
  format: TensorFormat,
  inputs: readonly ModelInput[],
): Result<Map<string, Tensor>> {
  switch (format) {
    case 'safetensors': {
      const decoded = decodeSafetensors(file.bytes);
      return decoded.ok ? accept(decoded.value.tensors) : decoded;
    }
    case 'npy':
      return decodeArrays([{ file, format }]);
    case 'npz':
      return decodeNpz(file.bytes);
    case 'jsonl':
      return decodeLines(file, inputs);
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

/** Symbolic dimensions are as long as they are in the first item. */
function decodeLines(
  { bytes }: InputFile,
  inputs: readonly ModelInput[],
): Result<Map<string, Tensor>> {
  const specs = inputs.map(({ name, dtype, dims, axis = -1 }) => ({
    name,
    dtype,
    shape: axis < 0 ? dims : dims.toSpliced(axis, 1),
    // What all items share need not be on each line.
    optional: axis < 0,
  }));
  const lines = decodeTensorLines(specs, bytes);
  if (!lines.ok) return lines;
  const { tensors } = lines.value;
  for (const { name, axis = 0 } of inputs) {
    const tensor = tensors.get(name);
    if (tensor === undefined || axis === 0) continue;
    // With an axis more it is plain which one counts the items.
    tensors.set(name, { ...tensor, shape: tensor.shape.toSpliced(axis + 1, 0, 1) });
  }
  return accept(tensors);
}
