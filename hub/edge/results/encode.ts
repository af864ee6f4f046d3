import { encodeNpy } from '#protocol/tensors/npy.ts';
import { encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import {
  type Dtype,
  itemShape,
  specBytes,
  type Tensor,
  type TensorSpec,
  unitBytes,
} from '#protocol/tensors/tensor.ts';
import { encodeTensorLines } from '#protocol/tensors/tensor-lines.ts';
import {
  accept,
  type FileFault,
  type Refusal,
  type Result,
  refusal,
  refuse,
} from '#protocol/values/refusal.ts';
import type { FailedUnit } from '../../core/state/job.ts';
import { isLost } from '../../core/state/questions.ts';
import type { ShardOutputs } from '../store/port.ts';

/** What one answer may hold; a longer range is asked for in parts. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** Formats of results, each with its media type. */
export const RESULT_TYPES = {
  safetensors: 'application/vnd.safetensors',
  npy: 'application/x-npy',
  jsonl: 'application/jsonl',
  errors: 'application/jsonl',
  files: 'application/jsonl',
} as const;
export type ResultFormat = keyof typeof RESULT_TYPES;

/** Units of a job, from `from` to before `to`. */
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

/** What there is of the results of a job. */
export interface ResultSource {
  /**
   * Those that overlap the range, in order of sequence; where two hold a unit the first one counts.
   */
  shards: readonly Pick<ShardOutputs, 'shard' | 'outputs'>[];
  failed: ReadonlyMap<number, FailedUnit>;
  /** Of the files that the items of the range came in, where there were several. */
  names?: readonly string[];
  /** Files that were left out of the job. */
  leftOut?: readonly FileFault[];
}

/** Name of the mask of failed items, where a file of tensors has one: bool, 1 for each of them. */
export const FAILED_MASK = 'pocketgrid.failed';
/** Text field of a safetensors file: JSON, why each of its items failed. */
const FAILED_ERRORS = 'pocketgrid.errors';
/** Text field of a safetensors file: JSON, the name of each item's file. */
const ITEM_FILES = 'pocketgrid.files';

/**
 * The outputs of a range of items, in input order, without what filled the last unit up. An item that
 * failed has NaN in floats and 0 in the rest, and its error beside them: on its line, in a mask, in
 * `errors`. Names of files are on the items' lines, in the metadata of safetensors, and in `files`.
 * Refuses with `range-invalid`, `job-state` while units are missing, or `request-invalid`.
 */
export function encodeResults(
  outputs: readonly TensorSpec[],
  source: ResultSource,
  range: ResultRange,
): Result<Uint8Array> {
  const { from, to, items, format } = range;
  const whole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
  if (!whole || from < 0 || to <= from || to > items) {
    const message = `the job has items 0 to ${items}; ask for 0 ≤ from < to ≤ ${items}`;
    return refuse('range-invalid', message);
  }
  // What has no item is told behind the last one.
  const leftOut = to === items ? encodeFaults(source.leftOut) : '';
  if (format === 'files') return encodeNames(source.names, { from, leftOut });
  const failures = listFailures(source.failed, range);
  if (format === 'errors') return accept(toBytes(encodeErrors(failures, from) + leftOut));
  if (range.output === FAILED_MASK && format === 'npy') {
    return accept(encodeNpy(maskOf(failures, range)));
  }
  const chosen = chooseOutputs(outputs, range);
  if (!chosen.ok) return chosen;
  const tensors = cutItems(outputs, chosen.value, { source, range });
  if (!tensors.ok) return tensors;
  for (const tensor of tensors.value.values()) blankItems(tensor, failures.keys());
  return encodeTensors(tensors.value, { failures, names: source.names }, range);
}

function encodeTensors(
  tensors: Map<string, Tensor>,
  items: { failures: ReadonlyMap<number, Refusal>; names: readonly string[] | undefined },
  range: ResultRange,
): Result<Uint8Array> {
  const { failures, names } = items;
  switch (range.format) {
    case 'safetensors': {
      const named = names === undefined ? {} : { [ITEM_FILES]: JSON.stringify(names) };
      if (failures.size === 0) return accept(encodeSafetensors(tensors, names && named));
      const errors = encodeErrors(failures, range.from);
      const masked = new Map(tensors).set(FAILED_MASK, maskOf(failures, range));
      return accept(encodeSafetensors(masked, { [FAILED_ERRORS]: errors, ...named }));
    }
    case 'npy': {
      const [tensor] = tensors.values();
      return tensor === undefined
        ? refuse('request-invalid', 'the job has no outputs')
        : accept(encodeNpy(tensor));
    }
    default: {
      const lines = [...failures].map(([item, error]) => [item, { error }] as const);
      const instead = new Map<number, object>(lines);
      return accept(toBytes(encodeTensorLines(tensors, { instead, files: names })));
    }
  }
}

/** Items of the range that failed, counted from its first one, in order. */
function listFailures(
  failed: ResultSource['failed'],
  { from, to, unitItems }: ResultRange,
): Map<number, Refusal> {
  const found: [number, Refusal][] = [];
  for (const [unit, { failed: groups }] of failed) {
    for (const { places, text } of groups) {
      for (const place of places) {
        const item = unit * unitItems + place;
        if (item >= from && item < to) found.push([item - from, refusal('item-failed', text)]);
      }
    }
  }
  return new Map(found.sort(([a], [b]) => a - b));
}

/** A line for each item that failed: its number in the job, and why. */
function encodeErrors(failures: ReadonlyMap<number, Refusal>, from: number): string {
  return toLines([...failures].map(([item, error]) => ({ item: from + item, error })));
}

/** A line for each file that was left out: its name, and why. */
const encodeFaults = (leftOut: readonly FileFault[] = []): string =>
  toLines(leftOut.map(({ name, ...error }) => ({ file: name, error })));

const toLines = (values: readonly object[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function maskOf(failures: ReadonlyMap<number, Refusal>, { from, to }: ResultRange): Tensor {
  const data = new Uint8Array(to - from);
  for (const item of failures.keys()) data[item] = 1;
  return { dtype: 'bool', shape: [to - from], data };
}

/** What stands in a mended unit for an item is no result of it. */
function blankItems({ dtype, shape, data }: Tensor, items: Iterable<number>): void {
  const itemBytes = data.length / (shape[0] ?? 1);
  for (const item of items) {
    const row = data.subarray(item * itemBytes, (item + 1) * itemBytes);
    const nan = NANS.get(dtype) ?? [0];
    for (let at = 0; at < row.length; at += 1) row[at] = nan[at % nan.length] ?? 0;
  }
}

/** The quiet NaN of each float, little-endian. */
const NANS: ReadonlyMap<Dtype, readonly number[]> = new Map([
  ['f16', [0, 0x7e]],
  ['f32', [0, 0, 0xc0, 0x7f]],
  ['f64', [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]],
]);

/** A line for each item: its number in the job, and the name of its file. */
function encodeNames(
  names: readonly string[] | undefined,
  { from, leftOut }: { from: number; leftOut: string },
): Result<Uint8Array> {
  if (names === undefined) {
    const message = 'the items of this job came in one file, so they have no names';
    return refuse('request-invalid', message, 'format');
  }
  const lines = toLines(names.map((file, item) => ({ item: from + item, file })));
  return accept(toBytes(lines + leftOut));
}

function chooseOutputs(outputs: readonly TensorSpec[], range: ResultRange): Result<TensorSpec[]> {
  const names = outputs.map((spec) => spec.name).join(', ');
  const chosen =
    range.output === undefined ? outputs : outputs.filter((spec) => spec.name === range.output);
  if (chosen.length === 0) {
    const message = `there is no output ${range.output}; the outputs are ${names}`;
    return refuse('request-invalid', message, 'output');
  }
  if (range.format === 'npy' && chosen.length > 1) {
    const message = `an NPY file holds one output; add output= with one of ${names}`;
    return refuse('request-invalid', message, 'output');
  }
  const { from, to, unitItems } = range;
  if (((to - from) * unitBytes(chosen)) / unitItems > ANSWER_BYTES_MAX) {
    const message = `the range holds more than ${ANSWER_BYTES_MAX} bytes; ask for fewer items at a time`;
    return refuse('range-invalid', message);
  }
  return accept([...chosen]);
}

function cutItems(
  outputs: readonly TensorSpec[],
  chosen: readonly TensorSpec[],
  { source, range }: { source: ResultSource; range: ResultRange },
): Result<Map<string, Tensor>> {
  const { from, to, unitItems } = range;
  const perUnit = unitBytes(outputs);
  const columns = outputs.map((spec, index) => ({
    spec,
    offset: unitBytes(outputs.slice(0, index)),
    itemBytes: specBytes(spec) / unitItems,
    data: new Uint8Array(chosen.includes(spec) ? ((to - from) * specBytes(spec)) / unitItems : 0),
  }));
  const kept = columns.filter(({ spec }) => chosen.includes(spec));
  const units = indexUnits(source.shards);
  for (let unit = Math.floor(from / unitItems); unit * unitItems < to; unit += 1) {
    const found = units.get(unit);
    const failed = source.failed.get(unit);
    if (found === undefined && failed !== undefined && isLost(failed)) continue;
    if (found === undefined) return notYet(unit, range);
    const bytes = found.outputs.subarray(found.place * perUnit, (found.place + 1) * perUnit);
    const start = Math.max(from, unit * unitItems);
    const end = Math.min(to, (unit + 1) * unitItems);
    for (const { offset, itemBytes, data } of kept) {
      const first = offset + (start - unit * unitItems) * itemBytes;
      const part = bytes.subarray(first, first + (end - start) * itemBytes);
      data.set(part, (start - from) * itemBytes);
    }
  }
  return accept(
    new Map(
      kept.map(({ spec, data }) => [
        spec.name,
        { dtype: spec.dtype, shape: [to - from, ...itemShape(spec.shape, unitItems)], data },
      ]),
    ),
  );
}

/** Where each unit's bytes are; the shard of the lowest sequence was the one that delivered it. */
function indexUnits(shards: readonly Pick<ShardOutputs, 'shard' | 'outputs'>[]) {
  const units = new Map<number, { outputs: Uint8Array; place: number }>();
  for (const { shard, outputs } of shards) {
    for (let place = 0; place < shard.unitCount; place += 1) {
      const unit = shard.firstUnit + place;
      if (!units.has(unit)) units.set(unit, { outputs, place });
    }
  }
  return units;
}

function notYet(unit: number, { unitItems, items }: ResultRange): Result<never> {
  const first = unit * unitItems;
  const last = Math.min(items, first + unitItems) - 1;
  const message = `items ${first} to ${last} are not computed yet; ask for others, or follow the job's events until it is done`;
  return refuse('job-state', message);
}
