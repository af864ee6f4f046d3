import { type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** Formats of results, each with its media type. */
export const RESULT_TYPES = {
  safetensors: 'application/vnd.safetensors',
  npy: 'application/x-npy',
  jsonl: 'application/jsonl',
  errors: 'application/jsonl',
  files: 'application/jsonl',
} as const;
export type ResultFormat = keyof typeof RESULT_TYPES;

/** Items of a job, and how they are wanted. */
export interface ResultRange {
  /** Items [from, to) of the job, which has `items`. */
  from: number;
  to: number;
  items: number;
  unitItems: number;
  format: ResultFormat;
  /** Only this output; needed for `npy` where the model has several. */
  output?: string;
}

/** Refuses a range that the job does not have. */
export function checkRange({ from, to, items }: ResultRange): Result<never> | undefined {
  const whole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
  if (whole && from >= 0 && to > from && to <= items) return undefined;
  const message = `the job has items 0 to ${items}; ask for 0 ≤ from < to ≤ ${items}`;
  return refuse('range-invalid', message);
}

/** The units that hold the items of a range: [first, end). */
export const unitsOf = ({ from, to, unitItems }: ResultRange): [first: number, end: number] => [
  Math.floor(from / unitItems),
  Math.ceil(to / unitItems),
];

/** One output of a model as it lies in the bytes of a unit. */
export interface Column {
  name: string;
  /** Of all items of the unit. */
  spec: TensorSpec;
  offset: number;
  itemBytes: number;
}

/** The outputs asked for. Refuses one that the model does not have, and several in an NPY file. */
export function chooseColumns(
  outputs: readonly TensorSpec[],
  { output, format, unitItems }: ResultRange,
): Result<Column[]> {
  const columns = outputs.map((spec, index) => ({
    name: spec.name,
    spec,
    offset: unitBytes(outputs.slice(0, index)),
    itemBytes: unitBytes([spec]) / unitItems,
  }));
  const names = outputs.map((spec) => spec.name).join(', ');
  const chosen = output === undefined ? columns : columns.filter(({ name }) => name === output);
  if (chosen.length === 0) {
    const message = `there is no output ${output}; the outputs are ${names}`;
    return refuse('request-invalid', message, 'output');
  }
  if (format === 'npy' && chosen.length > 1) {
    const message = `an NPY file holds one output; add output= with one of ${names}`;
    return refuse('request-invalid', message, 'output');
  }
  return accept(chosen);
}
