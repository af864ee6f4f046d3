import type { JobOptions } from '#protocol/api/job.ts';
import { elementCount, specBytes, type Tensor } from '#protocol/tensors/tensor.ts';
import { hasNan } from '#protocol/tensors/unit-bytes.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import { matchInputs } from '../../core/models/inputs.ts';
import { type DecodedFiles, decodeFiles } from './decode-files.ts';
import { fitDtypes } from './fit-dtypes.ts';
import type { InputFile, JobInputs } from './port.ts';

/** What files hold for a model: the items, and what all of them share. */
export interface Converted extends JobInputs, Omit<DecodedFiles, 'tensors'> {
  /** By input name. */
  shared: Map<string, Tensor>;
  /** Units hold one item whatever was asked for: items of an input or output do not join. */
  single: boolean;
}

/**
 * Turns uploaded files into the tensors a model takes: one safetensors, NPZ or JSON Lines file, one
 * NPY file for each input, or any number of pictures, an item each, in the order they were sent.
 * A dtype changes only where no number does. Refuses with the codes `input-…`, the file or the
 * tensor named in `path`, and with `model-inputs-mismatch` where the model and the data cannot meet.
 */
export async function convertInputs(
  files: readonly InputFile[],
  facts: ModelFacts,
  options: Pick<JobOptions, 'allowNan' | 'image' | 'skipBadFiles' | 'unitItems'>,
): Promise<Result<Converted>> {
  const decoded = await decodeFiles(files, facts, options);
  if (!decoded.ok) return decoded;
  const fitted = fitDtypes(facts.inputs, decoded.value.tensors);
  if (!fitted.ok) return fitted;
  const match = matchInputs(facts, fitted.value, options.unitItems);
  if (!match.ok) return match;
  const { items, unitItems, specs, sources, single } = match.value;
  const tensors = new Map<string, Tensor>();
  for (const [index, { name }] of specs.entries()) {
    const source = sources[index];
    const tensor = fitted.value.get(source?.name ?? name);
    if (tensor === undefined) continue;
    const itemsFirst = moveItemsFirst(tensor, source?.itemAxis);
    const refused = options.allowNan === true ? undefined : checkNan(name, itemsFirst, items);
    if (refused !== undefined) return refused;
    tensors.set(name, itemsFirst);
  }
  const shared = new Map(
    match.value.shared.flatMap(({ name, source }) => {
      const tensor = fitted.value.get(source);
      return tensor === undefined ? [] : [[name, tensor] as const];
    }),
  );
  const { names, leftOut } = decoded.value;
  const made = { items, unitItems, specs, tensors, shared, single, leftOut };
  return accept(names === undefined ? made : { ...made, names });
}

/** The tensor with the axis that counts items first; without one it is one item. */
function moveItemsFirst(tensor: Tensor, axis: number | undefined): Tensor {
  const { dtype, shape, data } = tensor;
  if (axis === undefined) return { ...tensor, shape: [1, ...shape] };
  const items = shape[axis] ?? 0;
  const outer = elementCount(shape.slice(0, axis));
  const rowBytes = specBytes({ dtype, shape: shape.slice(axis + 1) });
  const moved = axis === 0 ? data : new Uint8Array(data.length);
  for (let row = 0; axis > 0 && row < outer * items; row += 1) {
    const to = ((row % items) * outer + Math.floor(row / items)) * rowBytes;
    moved.set(data.subarray(row * rowBytes, (row + 1) * rowBytes), to);
  }
  return { dtype, shape: [items, ...shape.toSpliced(axis, 1)], data: moved };
}

function checkNan(name: string, tensor: Tensor, items: number): Result<never> | undefined {
  const spec = { name, dtype: tensor.dtype, shape: tensor.shape.slice(1) };
  if (tensor.data.length === 0 || !hasNan([spec], tensor.data)) return undefined;
  const itemBytes = tensor.data.length / items;
  let item = 0;
  while (!hasNan([spec], tensor.data.subarray(item * itemBytes, (item + 1) * itemBytes))) item += 1;
  const message = `${name} has NaN in item ${item} (counted from 0); replace it, or set allowNan`;
  return refuse('input-nan', message, name);
}
