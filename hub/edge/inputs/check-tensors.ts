import { accept, type Result, refuse } from '#protocol/refusal.ts';
import { elementCount, type Tensor } from '#protocol/tensor.ts';
import { hasNan } from '#protocol/unit-bytes.ts';
import type { JobInputs, ModelInput } from './port.ts';

/** How to change one dtype into another, where people meet it; a cast is never made silently. */
const CAST: Readonly<Record<string, string>> = {
  f64: 'numpy makes f64 by default; convert with .astype("float32")',
  i64: 'numpy makes i64 by default; convert with .astype("int32")',
};

/**
 * Whether the tensors are what the model takes: names, dtypes, shapes, the same number of items, no
 * NaN unless allowed. Sizes that the model leaves open come from the data, equal for equal symbols.
 */
export function checkTensors(
  inputs: readonly ModelInput[],
  tensors: ReadonlyMap<string, Tensor>,
  allowNan: boolean,
): Result<JobInputs> {
  const ordered = new Map<string, Tensor>();
  const symbols = new Map<string, number>();
  for (const input of inputs) {
    const tensor = tensors.get(input.name);
    if (tensor === undefined) return missing(input, tensors);
    const refused = checkTensor(input, tensor, symbols);
    if (refused !== undefined) return refused;
    ordered.set(input.name, tensor);
  }
  const extra = [...tensors.keys()].find((name) => !ordered.has(name));
  if (extra !== undefined) {
    const message = `the model has no input ${extra}; drop it, or rename it to one of ${names(inputs)}`;
    return refuse('input-name', message, extra);
  }
  const items = checkItems(ordered);
  if (!items.ok) return items;
  if (!allowNan) {
    for (const [name, tensor] of ordered) {
      const refused = checkNan(name, tensor, items.value);
      if (refused !== undefined) return refused;
    }
  }
  return accept({ items: items.value, tensors: ordered });
}

const names = (inputs: readonly ModelInput[]): string =>
  inputs.map((input) => input.name).join(', ');

function missing(input: ModelInput, tensors: ReadonlyMap<string, Tensor>): Result<never> {
  const got = [...tensors.keys()].slice(0, 8).join(', ') || 'none';
  const message = `the input ${input.name} is missing (got ${got}); name each tensor for its input`;
  return refuse('input-name', message, input.name);
}

function checkTensor(
  input: ModelInput,
  tensor: Tensor,
  symbols: Map<string, number>,
): Result<never> | undefined {
  const { name, dtype, dims } = input;
  if (tensor.dtype !== dtype) {
    const way = CAST[tensor.dtype] ?? `convert it to ${dtype} first`;
    return refuse('input-dtype', `${name} must be ${dtype}, got ${tensor.dtype}; ${way}`, name);
  }
  if (dims.length === 0) {
    const message = `${name} has no dimension that counts items; export the model with a batch dimension`;
    return refuse('model-inputs-mismatch', message, name);
  }
  const itemDims = dims.slice(1);
  const sizes = tensor.shape.slice(1);
  const wanted = itemDims.map((dim) => (typeof dim === 'string' ? (symbols.get(dim) ?? dim) : dim));
  const fits =
    tensor.shape.length === dims.length &&
    wanted.every((dim, axis) => typeof dim === 'string' || dim === sizes[axis]);
  if (!fits) {
    const shape = ['items', ...wanted.map((dim) => (dim === '' ? '?' : dim))].join(', ');
    const message = `${name} must have shape [${shape}], got [${tensor.shape.join(', ')}]; reshape it`;
    return refuse('input-shape', message, name);
  }
  for (const [axis, dim] of itemDims.entries()) {
    // An unnamed dimension is '': two of those need not be equal.
    if (typeof dim === 'string' && dim !== '') symbols.set(dim, sizes[axis] ?? 1);
  }
  return undefined;
}

function checkItems(tensors: ReadonlyMap<string, Tensor>): Result<number> {
  let first: { name: string; items: number } | undefined;
  for (const [name, { shape }] of tensors) {
    const items = shape[0] ?? 0;
    if (items === 0 || elementCount(shape) === 0) {
      const message = `${name} has no rows (shape [${shape.join(', ')}]); send at least one item`;
      return refuse('input-empty', message, name);
    }
    first ??= { name, items };
    if (items !== first.items) {
      const message = `${name} has ${items} items and ${first.name} has ${first.items}; make them equal`;
      return refuse('input-shape', message, name);
    }
  }
  return first === undefined
    ? refuse('model-inputs-mismatch', 'the model takes no inputs; export it with at least one')
    : accept(first.items);
}

function checkNan(name: string, tensor: Tensor, items: number): Result<never> | undefined {
  const spec = { name, dtype: tensor.dtype, shape: tensor.shape.slice(1) };
  if (!hasNan([spec], tensor.data)) return undefined;
  const itemBytes = tensor.data.length / items;
  let item = 0;
  while (!hasNan([spec], tensor.data.subarray(item * itemBytes, (item + 1) * itemBytes))) item += 1;
  const message = `${name} has NaN in item ${item} (counted from 0); replace it, or set allowNan`;
  return refuse('input-nan', message, name);
}
