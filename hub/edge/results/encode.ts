import { type ItemNames, unpackNames } from '#protocol/files/item-names.ts';
import { encodeNpyHead } from '#protocol/tensors/npy.ts';
import { encodeSafetensorsHead, orderTensors } from '#protocol/tensors/safetensors.ts';
import { itemShape, type Tensor, type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import type { LineExtras } from '#protocol/tensors/tensor-lines.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import {
  blankItem,
  encodeErrors,
  encodeFaults,
  type Failures,
  listFailures,
  maskOf,
  toLines,
} from './failures.ts';
import { type Column, checkRange, chooseColumns, type ResultRange } from './range.ts';
import { checkWhole, readWindows, type UnitSource, type UnitWindow } from './windows.ts';

/** What there is of the results of a job. */
export interface ResultSource extends UnitSource {
  /** Of the files that the items of the job came in, where there were several. */
  names?: ItemNames | undefined;
  /** Files that were left out of the job. */
  leftOut?: readonly FileFault[] | undefined;
  /** Prints items of the job, `from` to before `to`, as lines of JSON. */
  print(
    tensors: ReadonlyMap<string, Tensor>,
    extras: LineExtras,
    items: readonly [from: number, to: number],
  ): Promise<Uint8Array>;
}

/** A file of results, whatever its size: its chunks are made while they are read. */
export interface ResultFile {
  /** Bytes of all of it, where they are known before. */
  length?: number;
  chunks: AsyncIterable<Uint8Array>;
}

/** Name of the mask of failed items, where a file of tensors has one: bool, 1 for each of them. */
export const FAILED_MASK = 'pocketgrid.failed';
/** Text field of a safetensors file: JSON, why each of its items failed. */
const FAILED_ERRORS = 'pocketgrid.errors';
/** Text field of a safetensors file: JSON, the name of each item's file. */
const ITEM_FILES = 'pocketgrid.files';
/** Items whose names a header of safetensors has; of more, `files` has them. */
const NAMED_ITEMS_MAX = 100_000;
/** Lines of names that are made at once. */
const NAMES_AT_ONCE = 4_096;

/**
 * The outputs of a range of items, in input order, without what filled the last unit up. An item that
 * failed has NaN in floats and 0 in the rest, and its error beside them: on its line, in a mask, in
 * `errors`. Names of files are on the items' lines, in the metadata of safetensors, and in `files`.
 * Refuses with `range-invalid`, `job-state` while units are missing, or `request-invalid`.
 */
export async function encodeResults(
  outputs: readonly TensorSpec[],
  source: ResultSource,
  range: ResultRange,
): Promise<Result<ResultFile>> {
  const refused = checkRange(range);
  if (refused !== undefined) return refused;
  const { to, items, format, output } = range;
  // What has no item is told behind the last one.
  const leftOut = to === items ? encodeFaults(source.leftOut) : '';
  if (format === 'files') return encodeNames(source.names, range, leftOut);
  const failures = listFailures(source.failed, range);
  if (format === 'errors') return accept(fileOf(toBytes(encodeErrors(failures) + leftOut)));
  if (output === FAILED_MASK && format === 'npy') {
    const mask = maskOf(failures, range);
    return accept(joinParts(encodeNpyHead(mask), [fileOf(mask.data)]));
  }
  const columns = chooseColumns(outputs, range);
  if (!columns.ok) return columns;
  const missing = await checkWhole(source, range);
  if (missing !== undefined) return missing;
  const reading: Reading = { source, range, failures, unitBytes: unitBytes(outputs) };
  if (format === 'jsonl') return accept({ chunks: printLines(reading, columns.value) });
  const parts = columns.value.map((column) => [column.name, readColumn(reading, column)] as const);
  if (format === 'safetensors') return accept(encodeTensors(reading, parts));
  const [[, part]] = parts as [(typeof parts)[0]];
  return accept(joinParts(encodeNpyHead(part), [part]));
}

interface Reading {
  source: ResultSource;
  range: ResultRange;
  failures: Failures;
  /** Bytes of all outputs of a unit. */
  unitBytes: number;
}

/** A tensor whose bytes are read while they are sent. */
interface Part extends Pick<Tensor, 'dtype' | 'shape'> {
  length: number;
  chunks: AsyncIterable<Uint8Array>;
}

function encodeTensors(
  { source, range, failures }: Reading,
  columns: readonly (readonly [string, Part])[],
): ResultFile {
  const { from, to } = range;
  const names = to - from > NAMED_ITEMS_MAX ? undefined : source.names;
  const named = names && JSON.stringify([...unpackNames(names, from, to)]);
  const metadata = {
    ...(failures.size > 0 && { [FAILED_ERRORS]: encodeErrors(failures) }),
    ...(named !== undefined && { [ITEM_FILES]: named }),
  };
  const mask = maskOf(failures, range);
  const parts = orderTensors([
    ...columns,
    ...(failures.size > 0 ? [[FAILED_MASK, { ...mask, ...fileOf(mask.data) }] as const] : []),
  ]);
  const isPlain = Object.keys(metadata).length === 0;
  const head = encodeSafetensorsHead(parts, isPlain ? undefined : metadata);
  return joinParts(
    head,
    parts.map(([, part]) => part),
  );
}

function joinParts(head: Uint8Array, parts: readonly Omit<Part, 'dtype' | 'shape'>[]) {
  async function* join() {
    yield head;
    for (const { chunks } of parts) yield* chunks;
  }
  return { length: parts.reduce((sum, part) => sum + part.length, head.length), chunks: join() };
}

const fileOf = (bytes: Uint8Array) => joinParts(bytes, []);

/** One output of all items. */
function readColumn(reading: Reading, column: Column): Part {
  const { from, to, unitItems } = reading.range;
  const { spec, itemBytes } = column;
  async function* read() {
    const { source, range, unitBytes: size } = reading;
    for await (const window of readWindows(source, range, size)) {
      yield cutColumn(reading, column, window).data;
    }
  }
  return {
    dtype: spec.dtype,
    shape: [to - from, ...itemShape(spec.shape, unitItems)],
    length: (to - from) * itemBytes,
    chunks: read(),
  };
}

/** One output of the items of some units. */
function cutColumn(
  { range, failures }: Reading,
  { spec, offset, itemBytes }: Column,
  { first, units }: UnitWindow,
): Tensor {
  const { unitItems } = range;
  const [from, to] = itemsOf(range, { first, units });
  const data = new Uint8Array((to - from) * itemBytes);
  for (const [at, bytes] of units.entries()) {
    const start = (first + at) * unitItems;
    const [begin, end] = [Math.max(from, start), Math.min(to, start + unitItems)];
    const items = bytes?.subarray(offset, offset + unitItems * itemBytes);
    if (items === undefined) continue;
    const part = items.subarray((begin - start) * itemBytes, (end - start) * itemBytes);
    data.set(part, (begin - from) * itemBytes);
  }
  for (let item = from; failures.size > 0 && item < to; item += 1) {
    const at = (item - from) * itemBytes;
    if (failures.has(item)) blankItem(spec.dtype, data.subarray(at, at + itemBytes));
  }
  return { dtype: spec.dtype, shape: [to - from, ...itemShape(spec.shape, unitItems)], data };
}

/** The items of the range that lie in some units. */
const itemsOf = (
  { from, to, unitItems }: ResultRange,
  { first, units }: UnitWindow,
): [from: number, to: number] => [
  Math.max(from, first * unitItems),
  Math.min(to, (first + units.length) * unitItems),
];

async function* printLines(
  reading: Reading,
  columns: readonly Column[],
): AsyncGenerator<Uint8Array> {
  const { source, range, failures, unitBytes: size } = reading;
  const { names } = source;
  for await (const window of readWindows(source, range, size)) {
    const [from, to] = itemsOf(range, window);
    const instead = new Map<number, object>();
    for (let item = from; failures.size > 0 && item < to; item += 1) {
      const error = failures.get(item);
      if (error !== undefined) instead.set(item - from, { error });
    }
    const tensors = new Map(
      columns.map((column) => [column.name, cutColumn(reading, column, window)]),
    );
    const files = names && [...unpackNames(names, from, to)];
    yield await source.print(tensors, { instead, files }, [from, to]);
  }
}

/** A line for each item: its number in the job, and the name of its file. */
function encodeNames(
  names: ItemNames | undefined,
  { from, to }: ResultRange,
  leftOut: string,
): Result<ResultFile> {
  if (names === undefined) {
    const message = 'the items of this job came in one file, so they have no names';
    return refuse('request-invalid', message, 'format');
  }
  async function* list(known: ItemNames) {
    for (let item = from; item < to; item += NAMES_AT_ONCE) {
      const some = [...unpackNames(known, item, Math.min(to, item + NAMES_AT_ONCE))];
      yield toBytes(toLines(some.map((file, at) => ({ item: item + at, file }))));
    }
    yield toBytes(leftOut);
  }
  return accept({ chunks: list(names) });
}

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
