import { type Dtype, specBytes, type TensorSpec } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts, ModelInput } from './check.ts';

/** What is known of an uploaded tensor: `shape` is [items, …]. */
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
  /** One unit's inputs in the order of the model, shapes fixed, first dimension `unitItems`. */
  specs: TensorSpec[];
  /** For each spec, the name of the uploaded tensor that feeds it. */
  sources: string[];
}

export const UNIT_ITEMS_MAX = 4096;
/** Most input bytes of one unit. */
export const UNIT_INPUT_BYTES_MAX = 32 * 1024 ** 2;

/**
 * Fits uploaded tensors to a model's inputs. Names must agree, except that a model with one input
 * takes one tensor of any name. `unitItems` is chosen when it is not given.
 *
 * A symbolic dimension takes the data's size, and the same symbol the same size everywhere.
 */
export function matchInputs(
  facts: ModelFacts,
  tensors: ReadonlyMap<string, InputTensor>,
  unitItems?: number,
): Result<InputMatch> {
  const paired = pairNames(facts, tensors);
  if (!paired.ok) return paired;
  const pairs = paired.value;
  const items = countItems(pairs);
  if (!items.ok) return items;
  const itemBytes = pairs.reduce(
    (sum, { tensor: { dtype, shape } }) => sum + specBytes({ dtype, shape: shape.slice(1) }),
    0,
  );
  const chosen = unitItems ?? chooseUnitItems(facts, items.value, itemBytes);
  const batch = checkUnitItems(facts, chosen);
  if (!batch.ok) return batch;
  const symbols = new Map<string, number>();
  for (const pair of pairs) {
    const checked = checkPair(pair, chosen, symbols);
    if (!checked.ok) return checked;
  }
  if (chosen * itemBytes > UNIT_INPUT_BYTES_MAX) {
    return refuse(
      'input-too-big',
      `A unit of ${chosen} items has ${chosen * itemBytes} bytes of input; the limit is ${UNIT_INPUT_BYTES_MAX}. Set a smaller unitItems, or send smaller items.`,
    );
  }
  return accept({
    items: items.value,
    unitItems: chosen,
    itemBytes,
    specs: pairs.map(({ input: { name, dtype }, tensor }) => ({
      name,
      dtype,
      shape: [chosen, ...tensor.shape.slice(1)],
    })),
    sources: pairs.map(({ source }) => source),
  });
}

interface Pair {
  input: ModelInput;
  source: string;
  tensor: InputTensor;
}

function pairNames(
  { inputs }: ModelFacts,
  tensors: ReadonlyMap<string, InputTensor>,
): Result<Pair[]> {
  const [only] = inputs;
  const [first] = tensors;
  if (only !== undefined && first !== undefined && inputs.length === 1 && tensors.size === 1) {
    const [source, tensor] = first;
    return accept([{ input: only, source, tensor }]);
  }
  const wanted = inputs.map(({ name }) => name);
  const given = [...tensors.keys()];
  if (wanted.length !== given.length) {
    return refuse(
      'model-inputs-mismatch',
      `The model has ${wanted.length} inputs (${list(wanted)}) and ${given.length} tensors came (${list(given)}). Upload one tensor for each input.`,
    );
  }
  const pairs: Pair[] = [];
  for (const input of inputs) {
    const tensor = tensors.get(input.name);
    if (tensor === undefined) {
      return refuse(
        'input-name',
        `Nothing was uploaded for input "${input.name}"; there is ${list(given)}. Name the tensors ${list(wanted)}.`,
        input.name,
      );
    }
    pairs.push({ input, source: input.name, tensor });
  }
  return accept(pairs);
}

const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ') || 'none';

function countItems(pairs: readonly Pair[]): Result<number> {
  for (const { source, tensor } of pairs) {
    if (tensor.shape.length > 0 && !tensor.shape.includes(0)) continue;
    return refuse(
      tensor.shape.length === 0 ? 'input-shape' : 'input-empty',
      `Tensor "${source}" has shape [${tensor.shape.join(', ')}]; the first dimension counts the items, and there must be at least one. Upload the data as [items, …].`,
      source,
    );
  }
  const counts = pairs.map(({ tensor }) => tensor.shape[0] ?? 0);
  const [items = 0] = counts;
  const odd = counts.findIndex((count) => count !== items);
  if (odd < 0) return accept(items);
  return refuse(
    'input-shape',
    `Tensor "${pairs[odd]?.source}" has ${counts[odd]} items and "${pairs[0]?.source}" has ${items}. Every input needs the same number of rows.`,
    pairs[odd]?.source ?? '',
  );
}

function checkUnitItems({ fixedBatch }: ModelFacts, unitItems: number): Result<number> {
  if (!Number.isSafeInteger(unitItems) || unitItems < 1 || unitItems > UNIT_ITEMS_MAX) {
    return refuse(
      'model-inputs-mismatch',
      `A unit would have ${unitItems} items; 1 to ${UNIT_ITEMS_MAX} are supported. Set another unitItems, or export the model with a dynamic batch.`,
    );
  }
  if (fixedBatch === undefined || fixedBatch === unitItems) return accept(unitItems);
  return refuse(
    'model-inputs-mismatch',
    `The model was exported for batches of ${fixedBatch}, and ${unitItems} items per unit were asked for. Leave unitItems out, or export with a dynamic batch.`,
  );
}

function checkPair(
  { input, source, tensor }: Pair,
  unitItems: number,
  symbols: Map<string, number>,
): Result<null> {
  const { name, dtype, dims } = input;
  const shown = dims.map((size) => (size === '' ? '?' : size)).join(', ');
  if (tensor.dtype !== dtype) {
    return refuse(
      'input-dtype',
      `Input "${name}" takes ${dtype} and "${source}" is ${tensor.dtype}. Convert it first, in numpy with .astype.`,
      name,
    );
  }
  const no = (why: string) =>
    refuse(
      'input-shape',
      `Input "${name}" takes [${shown}] and "${source}" is [${tensor.shape.join(', ')}]: ${why}. Reshape the data, the first dimension counting items.`,
      name,
    );
  if (tensor.shape.length !== dims.length) return no('the number of dimensions differs');
  for (const [axis, size] of dims.entries()) {
    const given = axis === 0 ? unitItems : (tensor.shape[axis] ?? 0);
    if (typeof size === 'number' && size !== given) return no(`dimension ${axis} must be ${size}`);
    if (typeof size === 'number' || size === '') continue;
    const known = symbols.get(size);
    if (known !== undefined && known !== given) {
      return no(`"${size}" is ${known} elsewhere and ${given} here`);
    }
    symbols.set(size, given);
  }
  return accept(null);
}

/** Input bytes of a unit that are worth one transfer. */
const UNIT_INPUT_BYTES = 1024 ** 2;
/** Weights stand for work: this many bytes' worth of items make a unit of some milliseconds. */
const UNIT_WEIGHT_BYTES = 32 * 1024 ** 2;
const UNIT_ITEMS = 16;
/** Units a small job is cut into at least, so that devices can share it and draws can fall. */
const UNITS_MIN = 8;

/**
 * Items per unit, a power of two: enough that a unit's overhead is small beside its work, few
 * enough that a slow phone finishes one in seconds. `items` counts the job's, `itemBytes` an item's
 * input.
 */
export function chooseUnitItems(
  { fixedBatch, weightBytes }: ModelFacts,
  items: number,
  itemBytes: number,
): number {
  if (fixedBatch !== undefined) return fixedBatch;
  const most = Math.min(
    UNIT_ITEMS,
    UNIT_INPUT_BYTES / Math.max(1, itemBytes),
    UNIT_WEIGHT_BYTES / Math.max(1, weightBytes),
    items / UNITS_MIN,
  );
  return most < 1 ? 1 : 2 ** Math.floor(Math.log2(most));
}
