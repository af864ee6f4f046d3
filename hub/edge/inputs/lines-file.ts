import { setImmediate } from 'node:timers/promises';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { stepTensorLines } from '#protocol/tensors/tensor-lines.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { ModelInput } from '../../core/models/check.ts';
import type { InputFile } from './port.ts';

/** The hub does nothing else for so long: sessions end where it is silent for seconds. */
const SLICE_MS = 20;

/** Reads JSON Lines, a slice at a time. Symbolic dimensions are as long as in the first item. */
export async function decodeLinesFile(
  { bytes }: InputFile,
  inputs: readonly ModelInput[],
): Promise<Result<Map<string, Tensor>>> {
  const specs = inputs.map(({ name, dtype, dims, axis = -1 }) => ({
    name,
    dtype,
    shape: axis < 0 ? dims : dims.toSpliced(axis, 1),
    // What all items share need not be on each line.
    optional: axis < 0,
  }));
  const lines = await runInSlices(stepTensorLines(specs, bytes));
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

async function runInSlices<T>(steps: Generator<unknown, T>): Promise<T> {
  for (let end = performance.now() + SLICE_MS; ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < end) continue;
    await setImmediate();
    end = performance.now() + SLICE_MS;
  }
}
