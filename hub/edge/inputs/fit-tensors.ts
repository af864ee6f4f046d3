import type { JobOptions } from '#protocol/api/job.ts';
import { elementCount, specBytes, type Tensor } from '#protocol/tensors/tensor.ts';
import { hasNan } from '#protocol/tensors/unit-bytes.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import { type InputMatch, matchInputs } from '../../core/models/inputs.ts';
import { fitDtypes } from './fit-dtypes.ts';
import type { JobInputs } from './port.ts';

/** The items that tensors hold for a model, and what all of them share. */
export interface FittedItems extends JobInputs, Pick<InputMatch, 'single' | 'apart'> {
  /** By input name. */
  shared: Map<string, Tensor>;
}

/** Fits tensors, by the names their files give them, to the inputs of a model, items first. */
export function fitTensors(
  given: ReadonlyMap<string, Tensor>,
  facts: ModelFacts,
  options: Pick<JobOptions, 'allowNan' | 'unitItems'>,
): Result<FittedItems> {
  const fitted = fitDtypes(facts.inputs, given);
  if (!fitted.ok) return fitted;
  const match = matchInputs(facts, fitted.value, options.unitItems);
  if (!match.ok) return match;
  const { items, unitItems, specs, sources, single, apart } = match.value;
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
  const found = { items, unitItems, specs, tensors, shared, single };
  return accept(apart === undefined ? found : { ...found, apart });
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
