import type { OnnxDimension } from '#protocol/onnx/model.ts';
import { type Dtype, type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { isSymbol, show } from './batch.ts';
import type { ModelFacts, ModelInput } from './check.ts';
import { type Reading, readUploads, refuseShape, type Upload } from './readings.ts';

/** What is known of an uploaded tensor. */
export interface InputTensor {
  dtype: Dtype;
  shape: readonly number[];
}

/** Uploaded data fitted to a model's inputs. */
export interface InputMatch {
  items: number;
  unitItems: number;
  /** Input bytes of one item, all inputs together. */
  itemBytes: number;
  /** One unit's inputs in the order of the model, shapes fixed. */
  specs: TensorSpec[];
  /** For each spec, the uploaded tensor that feeds it. */
  sources: Source[];
  /** Inputs that all items share, with the tensors that came for them. */
  shared: { name: string; source: string }[];
  /** Units hold one item whatever was asked for: items of an input or output do not join. */
  single: boolean;
  /** The first input whose items do not join, where there is one. */
  apart?: string;
}

/** An uploaded tensor, and its axis that counts items; undefined where it is one item. */
export interface Source {
  name: string;
  itemAxis: number | undefined;
}

export const UNIT_ITEMS_MAX = 4096;
/** Most input bytes of one unit. */
export const UNIT_INPUT_BYTES_MAX = 32 * 1024 ** 2;

/**
 * Fits uploaded tensors to a model's inputs. Names must agree, except that a model with one input
 * takes one tensor of any name. `unitItems` is chosen when it is not given.
 *
 * A symbolic dimension takes the data's size, and the same symbol the same size everywhere, unless
 * an input itself has it in two sizes.
 */
export function matchInputs(
  facts: ModelFacts,
  tensors: ReadonlyMap<string, InputTensor>,
  unitItems?: number,
): Result<InputMatch> {
  const paired = pairNames(facts, tensors);
  if (!paired.ok) return paired;
  const uploads = paired.value;
  const read = readUploads(uploads);
  if (!read.ok) return read;
  const readings = read.value;
  const items = readings.find(({ from }) => from !== undefined)?.items ?? 1;
  const pairs = uploads.flatMap((upload, at): Pair[] => {
    const reading = readings[at];
    return reading === undefined ? [] : [{ ...upload, reading }];
  });
  // Where no input has items, all of them are the one item.
  const isShared = ({ reading }: Pair) =>
    reading.from === undefined && readings.some(({ from }) => from !== undefined);
  const own = pairs.filter((pair) => !isShared(pair));
  const itemBytes = unitBytes(own.map((pair) => specOf(pair, 1)));
  const apart = own.find(({ reading }) => !reading.joins)?.input.name;
  const single = facts.movesOut || apart !== undefined;
  const chosen = single ? 1 : (unitItems ?? chooseUnitItems(facts, itemBytes));
  // A model that takes an item whole fixes no number of items.
  const fixedBatch = own.some(({ reading }) => reading.joins) ? facts.fixedBatch : undefined;
  const checked = checkUnitItems(chosen, fixedBatch) ?? checkPairs(pairs, chosen);
  if (checked !== undefined) return checked;
  if (itemBytes === 0) {
    return refuse('input-empty', 'The inputs of an item hold no values. Send data with values.');
  }
  if (chosen * itemBytes > UNIT_INPUT_BYTES_MAX) {
    return refuse(
      'input-too-big',
      `A unit of ${chosen} items has ${chosen * itemBytes} bytes of input; the limit is ${UNIT_INPUT_BYTES_MAX}. Set a smaller unitItems, or send smaller items.`,
    );
  }
  return accept({
    items,
    unitItems: chosen,
    itemBytes,
    specs: own.map((pair) => specOf(pair, chosen)),
    sources: own.map(({ source, reading }) => ({ name: source, itemAxis: reading.from })),
    shared: pairs.filter(isShared).map(({ input, source }) => ({ name: input.name, source })),
    single,
    ...(apart !== undefined && { apart }),
  });
}

interface Pair extends Upload {
  tensor: InputTensor;
  reading: Reading;
}

const specOf = ({ input: { name, dtype }, reading }: Pair, unitItems: number): TensorSpec => ({
  name,
  dtype,
  shape: reading.joins ? [unitItems, ...reading.shape.slice(1)] : reading.shape,
});

function pairNames(
  { inputs }: ModelFacts,
  tensors: ReadonlyMap<string, InputTensor>,
): Result<Omit<Pair, 'reading'>[]> {
  const [only] = inputs;
  const [first] = tensors;
  if (only !== undefined && first !== undefined && inputs.length === 1 && tensors.size === 1) {
    const [source, tensor] = first;
    return accept([{ input: only, source, tensor, shape: tensor.shape }]);
  }
  const wanted = inputs.map(({ name }) => name);
  const given = [...tensors.keys()];
  if (wanted.length < given.length) {
    return refuse(
      'model-inputs-mismatch',
      `The model has ${wanted.length} inputs (${list(wanted)}) and ${given.length} tensors came (${list(given)}). Upload one tensor for each input.`,
    );
  }
  const pairs: Omit<Pair, 'reading'>[] = [];
  for (const input of inputs) {
    const tensor = tensors.get(input.name);
    if (tensor === undefined) return refuseMissing(input, given);
    pairs.push({ input, source: input.name, tensor, shape: tensor.shape });
  }
  return accept(pairs);
}

function refuseMissing(input: ModelInput, given: readonly string[]): Result<never> {
  const { name, dims, axis } = input;
  const example = dims.length === 0 ? 16000 : '[…]';
  const way =
    axis === undefined
      ? `If all items have the same, set it in the options: "shared": {"${name}": ${example}}.`
      : `Name a tensor "${name}".`;
  const message = `Nothing was uploaded for input ${show(input)}; there is ${list(given)}. ${way}`;
  return refuse('input-name', message, name);
}

const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ') || 'none';

function checkUnitItems(unitItems: number, fixedBatch?: number): Result<never> | undefined {
  if (!Number.isSafeInteger(unitItems) || unitItems < 1 || unitItems > UNIT_ITEMS_MAX) {
    return refuse(
      'model-inputs-mismatch',
      `A unit would have ${unitItems} items; 1 to ${UNIT_ITEMS_MAX} are supported. Set another unitItems, or export the model with a dynamic batch.`,
    );
  }
  if (fixedBatch === undefined || fixedBatch === unitItems) return undefined;
  return refuse(
    'model-inputs-mismatch',
    `The model was exported for batches of ${fixedBatch}, and a unit would have ${unitItems} items. Leave unitItems out, or export with a dynamic batch.`,
  );
}

function checkPairs(pairs: readonly Pair[], unitItems: number): Result<never> | undefined {
  const loose = new Set(pairs.flatMap((pair) => unlike(pair.input.dims, shapeOf(pair, unitItems))));
  const symbols = new Map<string, number>();
  for (const pair of pairs) {
    const { input, tensor, source } = pair;
    if (tensor.dtype !== input.dtype) {
      return refuse(
        'input-dtype',
        `Input "${input.name}" takes ${input.dtype} and "${source}" is ${tensor.dtype}. Convert it first, in numpy with .astype.`,
        input.name,
      );
    }
    const shape = shapeOf(pair, unitItems);
    for (const [axis, size] of input.dims.entries()) {
      const given = shape[axis] ?? 0;
      if (typeof size === 'number' && size !== given) {
        return refuseShape(pair, `dimension ${axis} must be ${size}`);
      }
      if (!isSymbol(size) || loose.has(size)) continue;
      const known = symbols.get(size);
      if (known !== undefined && known !== given) {
        return refuseShape(pair, `"${size}" is ${known} elsewhere and ${given} here`);
      }
      symbols.set(size, given);
    }
  }
  return undefined;
}

const shapeOf = (pair: Pair, unitItems: number) => specOf(pair, unitItems).shape;

/** Symbols that one input has in two sizes. */
const unlike = (dims: readonly OnnxDimension[], shape: readonly number[]): string[] =>
  dims
    .filter(isSymbol)
    .filter((size) => shape[dims.indexOf(size)] !== shape[dims.lastIndexOf(size)]);

/** Input bytes of a unit that are worth one transfer. */
const UNIT_INPUT_BYTES = 1024 ** 2;
/** Weights stand for work: this many bytes' worth of items make a unit of some milliseconds. */
const UNIT_WEIGHT_BYTES = 32 * 1024 ** 2;
const UNIT_ITEMS = 16;

/**
 * Items per unit, a power of two: enough that a unit's overhead is small beside its work, few
 * enough that a slow phone finishes one in seconds. It goes by the model and not by the length of
 * a job, so that jobs of one model have one package; `itemBytes` is an item's input. A verifier
 * measures what such a unit costs, and where that is much, units are cut again.
 */
export function chooseUnitItems(
  { fixedBatch, weightBytes }: ModelFacts,
  itemBytes: number,
): number {
  if (fixedBatch !== undefined) return fixedBatch;
  const most = Math.min(
    UNIT_ITEMS,
    UNIT_INPUT_BYTES / Math.max(1, itemBytes),
    UNIT_WEIGHT_BYTES / Math.max(1, weightBytes),
  );
  return most < 1 ? 1 : 2 ** Math.floor(Math.log2(most));
}
