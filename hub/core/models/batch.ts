import type { OnnxDimension } from '#protocol/onnx/model.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** A name and a shape; a symbolic dimension is a string, '' where it has no name. */
interface Shaped {
  name: string;
  dims: readonly OnnxDimension[];
}

/** Where the items of a batch are in each input of a model. */
export interface Batch<Input> {
  /** `axis` counts the items; undefined where an item has all of the input. */
  inputs: (Input & { axis: number | undefined })[];
  /** The items per run the model was exported for, where it was fixed. */
  fixedBatch?: number;
  /** Whether an output has its items elsewhere than on its first axis. */
  movesOut: boolean;
}

/** Whether a symbol names one size wherever it stands: exporters write `?` for any. */
export const isSymbol = (size: OnnxDimension | undefined): size is string =>
  typeof size === 'string' && size !== '' && size !== '?';

const count = (dims: readonly OnnxDimension[], size: OnnxDimension) =>
  dims.filter((each) => each === size).length;

/**
 * Finds the batch by the names of axes: the symbol that says `batch`, else those that stand first.
 * `asked` names the axis of an input and goes before. A fixed first size is the batch only where no
 * input names one and all inputs and outputs fix the same.
 */
export function findBatch<Input extends Shaped>(
  inputs: readonly Input[],
  outputs: readonly { dims?: readonly OnnxDimension[] }[],
  asked: Readonly<Record<string, number>> = {},
): Result<Batch<Input>> {
  const odd = Object.entries(asked).find(
    ([name, axis]) => !inputs.some((input) => input.name === name && axis < input.dims.length),
  );
  if (odd !== undefined) {
    const message = `batchAxis.${odd[0]} is ${odd[1]}, and the model has no input of that name with such an axis; its inputs are ${inputs.map(show).join(', ')}`;
    return refuse('request-invalid', message, `batchAxis.${odd[0]}`);
  }
  const axes = new Map(Object.entries(asked));
  const symbols = listSymbols(inputs, axes);
  const firsts = new Set(inputs.flatMap(({ dims }) => dims.slice(0, 1)));
  const [first] = firsts;
  // Where the shape of an output is not known, it does not speak against it.
  const alike = outputs.every(
    ({ dims: [leading] = [''] }) => typeof leading === 'string' || leading === first,
  );
  const fixedAlike = firsts.size === 1 && typeof first === 'number' && (first === 1 || alike);
  const axisOf = ({ name, dims }: Shaped): number | undefined => {
    const [leading] = dims;
    if (leading === undefined || axes.has(name)) return axes.get(name);
    const named = dims.findIndex((size) => symbols.batch.has(size));
    if (named >= 0) return named;
    if (typeof leading === 'string') return symbols.others.has(leading) ? undefined : 0;
    if (fixedAlike || leading === 1) return 0;
    if (count(dims, 1) === 1) return dims.indexOf(1);
    const open = dims.filter((size) => typeof size === 'string' && !symbols.others.has(size));
    return open.length === 1 ? dims.indexOf(open[0] ?? '') : undefined;
  };
  const found = inputs.map((input) => ({ ...input, axis: axisOf(input) }));
  const sizes = found.flatMap(({ axis, dims }) => (axis === undefined ? [] : (dims[axis] ?? [])));
  const [fixedBatch] = sizes.filter((size) => typeof size === 'number');
  const movesOut = outputs.some(({ dims = [] }) => {
    const at = dims.findIndex((size) => symbols.batch.has(size));
    return at > 0 || (Number(dims[0]) > 1 && fixedBatch === undefined);
  });
  return accept({
    inputs: found,
    ...(fixedBatch === undefined ? {} : { fixedBatch }),
    movesOut,
  });
}

/** Symbols that count items, and those that stand beside them and so count something else. */
function listSymbols(inputs: readonly Shaped[], axes: ReadonlyMap<string, number>) {
  const all = inputs.flatMap(({ dims }) => dims.filter(isSymbol));
  const said = all.filter((size) => /batch/i.test(size));
  const pointed = inputs.map(({ name, dims }) => dims[axes.get(name) ?? 0]).filter(isSymbol);
  const batch = new Set<OnnxDimension>(said.length > 0 ? said : pointed);
  const others = new Set<OnnxDimension>(
    inputs.flatMap(({ dims }) =>
      dims.some((size) => batch.has(size)) ? dims.filter((size) => !batch.has(size)) : [],
    ),
  );
  others.delete('');
  others.delete('?');
  return { batch, others };
}

/** An input as a sentence shows it: `"x" [batch, 3]`. */
export const show = ({ name, dims }: Shaped): string => `"${name}" ${showDims(dims)}`;

/** A shape as a sentence shows it. */
export const showDims = (dims: readonly OnnxDimension[]): string =>
  `[${dims.map((size) => (size === '' ? '?' : size)).join(', ')}]`;
