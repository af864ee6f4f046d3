import { decodeText } from '../files/text.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { printElement, writeElement } from './element.ts';
import { DTYPE_BYTES, elementCount, specBytes, type Tensor, type TensorSpec } from './tensor.ts';

/**
 * JSON Lines of tensors: one item a line. A line is an object of nested arrays (or bare numbers) by
 * input name, or the nested array itself where there is one input. Empty lines are skipped.
 *
 *     {"pixels": [[0, 1], [2, 3]], "scale": 0.5}
 */
export interface TensorLines {
  items: number;
  /** By name, in the order of the specs; the first dimension counts the items. */
  tensors: Map<string, Tensor>;
}

/**
 * Reads lines against `specs`, whose shapes are those of one item, without the item dimension.
 * A refusal names the line, counted from 1, and the place in it.
 */
export function decodeTensorLines(
  specs: readonly TensorSpec[],
  text: string | Uint8Array,
): Result<TensorLines> {
  const decoded = typeof text === 'string' ? accept(text) : decodeText(text);
  if (!decoded.ok) return decoded;
  const stacks = specs.map(openStack);
  let items = 0;
  let number = 0;
  for (const line of linesOf(decoded.value)) {
    number += 1;
    if (line.trim() === '') continue;
    const refused = addLine(stacks, line, `line ${number}`);
    if (refused !== undefined) return refused;
    items += 1;
  }
  if (items === 0) return refuse('input-empty', 'the file has no items; write one item a line');
  const tensors = new Map(stacks.map((stack) => [stack.spec.name, stack.close(items)]));
  return accept({ items, tensors });
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

function addLine(
  stacks: readonly TensorStack[],
  line: string,
  at: string,
): Result<never> | undefined {
  let item: unknown;
  try {
    item = JSON.parse(line);
  } catch {
    return refuse('input-format', `${at} is not JSON; write one whole item on each line`, at);
  }
  const fields = nameFields(stacks, item, at);
  if (!fields.ok) return fields;
  for (const stack of stacks) {
    const { name } = stack.spec;
    if (!fields.value.has(name)) {
      return refuse('input-name', `${at} lacks the input ${name}; add it`, at);
    }
    const refused = stack.push(fields.value.get(name), `${at}: ${name}`);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

function nameFields(
  stacks: readonly TensorStack[],
  item: unknown,
  at: string,
): Result<ReadonlyMap<string, unknown>> {
  const names = stacks.map((stack) => stack.spec.name);
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
    const fields = new Map<string, unknown>(Object.entries(item));
    const extra = [...fields.keys()].find((name) => !names.includes(name));
    if (extra === undefined) return accept(fields);
    const message = `${at} names ${extra}, but the inputs are ${names.join(', ')}; rename or drop it`;
    return refuse('input-name', message, at);
  }
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return accept(new Map([[only, item]]));
  return refuse('input-name', `${at} must be an object with the inputs ${names.join(', ')}`, at);
}

interface TensorStack {
  spec: TensorSpec;
  /** Adds one item. What it added before a refusal is never read. */
  push(item: unknown, at: string): Result<never> | undefined;
  close(items: number): Tensor;
}

/** Grows with what was read: a shape in a spec reserves nothing before its numbers are there. */
function openStack(spec: TensorSpec): TensorStack {
  const { dtype, shape } = spec;
  let view = new DataView(new ArrayBuffer(1024));
  let count = 0;

  const reserve = (elements: number) => {
    const needed = (count + elements) * DTYPE_BYTES[dtype];
    if (needed <= view.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, view.byteLength * 2));
    grown.set(new Uint8Array(view.buffer));
    view = new DataView(grown.buffer);
  };
  const pushElement = (value: unknown, at: string): Result<never> | undefined => {
    const broken = writeElement({ dtype, view }, count, value);
    count += 1;
    if (broken === undefined) return undefined;
    return refuse(Array.isArray(value) ? 'input-shape' : 'input-dtype', `${at}: ${broken}`, at);
  };
  const pushAxis = (value: unknown, at: string, axis: number): Result<never> | undefined => {
    const dimension = shape[axis];
    if (!Array.isArray(value) || value.length !== dimension) {
      const got = Array.isArray(value) ? `${value.length} values` : 'no array';
      const message = `${at}: expected ${dimension} values on axis ${axis} of shape [${shape}], got ${got}`;
      return refuse('input-shape', message, at);
    }
    const innermost = axis === shape.length - 1;
    if (innermost) reserve(value.length);
    for (let index = 0; index < value.length; index += 1) {
      const refused = innermost
        ? pushElement(value[index], at)
        : pushAxis(value[index], `${at}[${index}]`, axis + 1);
      if (refused !== undefined) return refused;
    }
    return undefined;
  };

  return {
    spec,
    push(item, at) {
      if (shape.length > 0) return pushAxis(item, at, 0);
      reserve(1);
      return pushElement(item, at);
    },
    close: (items) => ({
      dtype,
      shape: [items, ...shape],
      data: new Uint8Array(view.buffer).slice(0, count * DTYPE_BYTES[dtype]),
    }),
  };
}

/**
 * One line per item, each an object by tensor name, or what `instead` has for an item: any JSON.
 * Every tensor's first dimension counts the
 * items. RangeError when the tensors disagree on it, or bytes do not fit a shape.
 */
export function encodeTensorLines(
  tensors: ReadonlyMap<string, Tensor>,
  instead: ReadonlyMap<number, unknown> = new Map(),
): string {
  const columns = [...tensors].map(([name, { dtype, shape, data }]) => {
    const [items, ...itemShape] = shape;
    if (items === undefined || data.length !== specBytes({ dtype, shape })) {
      throw new RangeError(`tensor ${name}: ${data.length} bytes, shape [${shape}]`);
    }
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const print = (index: number) => printElement(dtype, view, index);
    return { key: JSON.stringify(name), items, shape: itemShape, print };
  });
  const items = columns[0]?.items ?? 0;
  if (columns.some((column) => column.items !== items)) {
    throw new RangeError('the tensors have different numbers of items');
  }
  const lines: string[] = [];
  for (let item = 0; item < items; item += 1) {
    if (instead.has(item)) {
      lines.push(`${JSON.stringify(instead.get(item))}\n`);
      continue;
    }
    const fields = columns.map(({ key, shape, print }) => {
      return `${key}:${printNested(shape, item * elementCount(shape), print)}`;
    });
    lines.push(`{${fields.join(',')}}\n`);
  }
  return lines.join('');
}

function printNested(
  shape: readonly number[],
  start: number,
  print: (index: number) => string,
): string {
  const [dimension, ...rest] = shape;
  if (dimension === undefined) return print(start);
  const stride = elementCount(rest);
  const parts = Array.from({ length: dimension }, (_, index) =>
    printNested(rest, start + index * stride, print),
  );
  return `[${parts.join(',')}]`;
}
