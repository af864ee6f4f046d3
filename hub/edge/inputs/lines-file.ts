import type { Tensor } from '#protocol/tensors/tensor.ts';
import { decodeTensorLines } from '#protocol/tensors/tensor-lines.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelInput } from '../../core/models/check.ts';
import type { InputFile } from './port.ts';

/** What V8 makes one text of. */
const TEXT_BYTES_MAX = 2 ** 29 - 24;

/** Reads JSON Lines. Symbolic dimensions are as long as in the first item. */
export function decodeLinesFile(
  { name, bytes }: InputFile,
  inputs: readonly ModelInput[],
): Result<Map<string, Tensor>> {
  if (bytes.length > TEXT_BYTES_MAX) {
    const message = `${name} is longer than one text can be (${TEXT_BYTES_MAX} bytes); send it as several files`;
    return refuse('input-too-big', message, name);
  }
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
