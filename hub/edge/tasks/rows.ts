import { readNumber } from '#protocol/tensors/element.ts';
import { elementCount, type Tensor } from '#protocol/tensors/tensor.ts';
import type { Answerer, TaskItems } from './port.ts';

/** One item of the first output. */
export interface Row {
  /** All numbers of the item's output. */
  row: number[];
  /** How many numbers the last axis has. */
  width: number;
  /** Its tokens, without those that fill its row up; none of a picture. */
  ids: number[];
}

/** Answers of tasks with one output, item by item. */
export const eachRow =
  (answer: (row: Row) => object): Answerer =>
  ({ outputs, inputs }) => {
    const [output] = [...outputs.values()];
    const rows = output === undefined ? [] : rowsOf(output);
    const ids = inputs.get('input_ids');
    const idRows = ids === undefined ? [] : rowsOf(ids);
    const lengths = lengthsOf(inputs);
    const width = output?.shape.at(-1) ?? 1;
    return rows.map((row, at) =>
      answer({ row, width, ids: (idRows[at] ?? []).slice(0, lengths?.[at]) }),
    );
  };

/** A vector of an item as `embedding`, or one of each of its parts as `embeddings`. */
export function embed({ outputs, inputs }: TaskItems): object[] {
  const [output] = [...outputs.values()];
  if (output === undefined) return [];
  const [, ...shape] = output.shape;
  const rows = rowsOf(output);
  if (shape.length !== 2) return rows.map((embedding) => ({ embedding }));
  const width = shape.at(-1) ?? 1;
  const lengths = lengthsOf(inputs);
  return rows.map((row, at) => ({
    embeddings: splitRow(row, width).slice(0, lengths?.[at]),
  }));
}

/** Numbers in runs of one length. */
export const splitRow = (row: readonly number[], width: number): number[][] =>
  Array.from({ length: row.length / width }, (_, at) => row.slice(at * width, (at + 1) * width));

/** The first axis as a list of all numbers behind it. */
export function rowsOf({ dtype, shape: [items = 0, ...rest], data }: Tensor): number[][] {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const width = elementCount(rest);
  return Array.from({ length: items }, (_, item) =>
    Array.from({ length: width }, (_, at) => Number(readNumber(dtype, view, item * width + at))),
  );
}

/** How many tokens of each item are its own; undefined where the model takes no mask. */
function lengthsOf(inputs: TaskItems['inputs']): number[] | undefined {
  const mask = inputs.get('attention_mask');
  return mask && rowsOf(mask).map((row) => row.reduce((sum, one) => sum + one, 0));
}
