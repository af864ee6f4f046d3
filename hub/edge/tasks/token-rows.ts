import type { OnnxModel } from '#protocol/onnx/model.ts';
import { dtypeOfOnnx } from '#protocol/onnx/model.ts';
import { writeNumber } from '#protocol/tensors/element.ts';
import { DTYPE_BYTES, type Dtype, type Tensor, type TensorSpec } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { UNITS_BYTES_MAX } from '../inputs/units.ts';
import type { Tokens } from './tokenizer.ts';

/** An input of a model of texts. */
export interface TokenInput {
  name: string;
  dtype: Dtype;
  /** The length of its rows, where the model has one. */
  length: number | undefined;
}

/** What stands at a place of a row, behind its tokens `undefined`. */
const FEEDS: Readonly<Record<string, (row: Tokens, at: number, padding: number) => number>> = {
  input_ids: ({ ids }, at, padding) => ids[at] ?? padding,
  attention_mask: ({ ids }, at) => (at < ids.length ? 1 : 0),
  token_type_ids: ({ types }, at) => types[at] ?? 0,
  position_ids: (_, at) => at,
};
/** Behind the name of an input that takes a group of rows. */
const ROWS = '.rows';
/** Lengths of rows are of few kinds, so that jobs share packages. */
const ROW_LENGTH_LEAST = 8;

/** The inputs of a model of texts; refuses a model that takes something else. */
export function listTokenInputs({ graph }: OnnxModel): Result<TokenInput[]> {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const inputs: TokenInput[] = [];
  for (const { name, type } of graph.inputs) {
    if (constants.has(name)) continue;
    const dtype = type.kind === 'tensor' ? dtypeOfOnnx(type.dataType) : undefined;
    const dims = (type.kind === 'tensor' ? type.dims : undefined) ?? [];
    if (dtype === undefined || dims.length !== 2 || FEEDS[name] === undefined) {
      const message = `The model has an input "${name}" [${dims.join(', ')}], and a model of texts takes input_ids, attention_mask, token_type_ids and position_ids, each [batch, sequence]. Send one exported for this task, or tensors without a task.`;
      return refuse('model-inputs-mismatch', message, name);
    }
    const length = dims[1];
    inputs.push({
      name,
      dtype,
      length: typeof length === 'number' && length > 0 ? length : undefined,
    });
  }
  if (inputs.some(({ name }) => name === 'input_ids')) return accept(inputs);
  return refuse(
    'model-inputs-mismatch',
    'The model has no input "input_ids", so it takes no texts. Send one exported for this task.',
  );
}

/** The length that rows get: as long as the longest, rounded up to a power of two. */
export function chooseLength(rows: readonly Tokens[], most: number): number {
  const longest = rows.reduce((length, { ids }) => Math.max(length, ids.length), 1);
  return Math.max(longest, Math.min(bucketOf(longest), most));
}

/** The power of two that so many tokens fit into. */
export function bucketOf(tokens: number): number {
  let length = ROW_LENGTH_LEAST;
  while (length < tokens) length *= 2;
  return length;
}

/** Rows as tensors of these inputs, whose shapes are known. */
export function fillSpecs(
  specs: readonly TensorSpec[],
  rows: readonly Tokens[],
  padding: number,
): Result<Map<string, Tensor>> {
  const [first] = specs;
  const length = first?.shape.at(-1) ?? 1;
  const group = first?.shape.length === 3 ? first.shape[1] : undefined;
  const inputs = specs.map(({ name, dtype }) => {
    return { name: group === undefined ? name : name.replace(ROWS, ''), dtype, length };
  });
  return fillRows(inputs, rows, { length, padding, group });
}

/** Tensors [items, length] of rows, or [items, group, length] where an item is a group of them. */
export function fillRows(
  inputs: readonly TokenInput[],
  rows: readonly Tokens[],
  { length, padding, group }: { length: number; padding: number; group?: number | undefined },
): Result<Map<string, Tensor>> {
  const bytes = inputs.reduce((sum, { dtype }) => sum + DTYPE_BYTES[dtype], 0) * length;
  if (rows.length * bytes > UNITS_BYTES_MAX) {
    const most = Math.floor(UNITS_BYTES_MAX / bytes);
    const message = `${rows.length} rows of ${length} tokens take more than a job may; post ${most} at a time, or set a smaller maxTokens`;
    return refuse('input-too-big', message);
  }
  const shape = group === undefined ? [rows.length] : [rows.length / group, group];
  const tensors = inputs.map(({ name, dtype }): [string, Tensor] => {
    const view = new DataView(new ArrayBuffer(rows.length * length * DTYPE_BYTES[dtype]));
    const feed = FEEDS[name];
    for (const [row, tokens] of rows.entries()) {
      for (let at = 0; at < length; at += 1) {
        writeNumber({ dtype, view }, row * length + at, feed?.(tokens, at, padding) ?? 0);
      }
    }
    const data = new Uint8Array(view.buffer);
    return [
      group === undefined ? name : `${name}${ROWS}`,
      { dtype, shape: [...shape, length], data },
    ];
  });
  return accept(new Map(tensors));
}
