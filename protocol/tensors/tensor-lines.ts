import { decodeText } from '../files/text.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { printElement, writeElement } from './element.ts';
import { type JsonItem, readJsonItems } from './json-items.ts';
import { DTYPE_BYTES, type Dtype, elementCount, specBytes, type Tensor } from './tensor.ts';

/**
 * JSON Lines of tensors: one item a line. A line is an object of nested arrays (or bare numbers) by
 * input name, or the nested array itself where there is one input. Empty lines are skipped. One
 * array of all items is read as well.
 *
 *     {"pixels": [[0, 1], [2, 3]], "scale": 0.5}
 */
export interface TensorLines {
  items: number;
  /** By name, in the order of the specs; the first dimension counts the items. */
  tensors: Map<string, Tensor>;
}

/** An input as lines hold it: the shape of one item; a length that is text is as in the first one. */
export interface LineSpec {
  name: string;
  dtype: Dtype;
  shape: readonly (number | string)[];
  /** Left out where the first item lacks it. */
  optional?: boolean;
}

/**
 * Reads lines against `specs`. A refusal names the line, or the item of an array, counted from 1,
 * and the place in it.
 */
export function decodeTensorLines(
  specs: readonly LineSpec[],
  text: string | Uint8Array,
): Result<TensorLines> {
  const decoded = typeof text === 'string' ? accept(text) : decodeText(text);
  if (!decoded.ok) return decoded;
  let stacks: TensorStack[] | undefined;
  const reading = {
    isArray: (value: unknown) => holdsItems(specs, value),
    exact: specs.some(({ dtype }) => dtype === 'i64'),
  };
  let items = 0;
  for (const item of readJsonItems(decoded.value, reading)) {
    if (!item.ok) return item;
    stacks ??= specs.filter((spec) => isGiven(spec, item.value.value)).map(openStack);
    const refused = addItem(stacks, item.value);
    if (refused !== undefined) return refused;
    items += 1;
  }
  if (stacks === undefined) {
    return refuse('input-empty', 'the file has no items; write one item a line');
  }
  const tensors = new Map(stacks.map((stack) => [stack.spec.name, stack.close(items)]));
  return accept({ items, tensors });
}

const isGiven = ({ name, optional }: LineSpec, item: unknown): boolean =>
  optional !== true ||
  typeof item !== 'object' ||
  item === null ||
  Object.hasOwn(item, name) ||
  Array.isArray(item);

/** Whether the only value of a file is an array of items, and not an item that is an array. */
function holdsItems(specs: readonly LineSpec[], value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [first] = value as unknown[];
  if (typeof first === 'object' && first !== null && !Array.isArray(first)) return true;
  const [spec, ...others] = specs;
  let inner: unknown = value;
  for (const _ of spec?.shape ?? []) inner = Array.isArray(inner) ? inner[0] : undefined;
  return others.length === 0 && Array.isArray(inner) && !Array.isArray(inner[0]);
}

function addItem(
  stacks: readonly TensorStack[],
  { value, at }: JsonItem,
): Result<never> | undefined {
  const fields = nameFields(stacks, value, at);
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
  spec: LineSpec;
  /** Adds one item. What it added before a refusal is never read. */
  push(item: unknown, at: string): Result<never> | undefined;
  close(items: number): Tensor;
}

/** Grows with what was read: a shape in a spec reserves nothing before its numbers are there. */
function openStack(spec: LineSpec): TensorStack {
  const { dtype } = spec;
  let view = new DataView(new ArrayBuffer(1024));
  let count = 0;
  /** Known with the first item. */
  let shape: number[] | undefined;

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
  const pushAxis = (
    { sizes, axis, at }: { sizes: readonly number[]; axis: number; at: string },
    value: unknown,
  ): Result<never> | undefined => {
    const fits = Array.isArray(value) && value.length === sizes[axis];
    if (!fits) return refuse('input-shape', explainLength(spec, { sizes, axis, at }, value), at);
    const innermost = axis === sizes.length - 1;
    if (innermost) reserve(value.length);
    for (let index = 0; index < value.length; index += 1) {
      const refused = innermost
        ? pushElement(value[index], at)
        : pushAxis({ sizes, axis: axis + 1, at: `${at}[${index}]` }, value[index]);
      if (refused !== undefined) return refused;
    }
    return undefined;
  };

  return {
    spec,
    push(item, at) {
      shape ??= measureItem(spec.shape, item);
      if (shape.length > 0) return pushAxis({ sizes: shape, axis: 0, at }, item);
      reserve(1);
      return pushElement(item, at);
    },
    close: (items) => ({
      dtype,
      shape: [items, ...(shape ?? [])],
      data: new Uint8Array(view.buffer).slice(0, count * DTYPE_BYTES[dtype]),
    }),
  };
}

/** Sizes stand; a symbol is measured where there is something to measure, and is 1 elsewhere. */
function measureItem(dims: LineSpec['shape'], value: unknown): number[] {
  let inner = value;
  return dims.map((dim) => {
    const length = Array.isArray(inner) ? inner.length : 1;
    inner = Array.isArray(inner) ? inner[0] : undefined;
    return typeof dim === 'number' ? dim : length;
  });
}

/** Says whether the model wants another length, or the first item had another one. */
function explainLength(
  spec: LineSpec,
  { sizes, axis, at }: { sizes: readonly number[]; axis: number; at: string },
  value: unknown,
): string {
  const got = Array.isArray(value) ? `${value.length} values` : 'no array';
  if (typeof spec.shape[axis] === 'number' || !Array.isArray(value)) {
    return `${at}: expected ${sizes[axis]} values on axis ${axis} of shape [${sizes}], got ${got}`;
  }
  return `${at} has ${got} where the first has ${sizes[axis]}: rows of one job have one length. Pad the shorter ones (with 0 in a mask, where the model has one), or post a job for each length`;
}

/** What lines have beside tensors. */
export interface LineExtras {
  /** Said of an item in place of its tensors. */
  instead?: ReadonlyMap<number, object>;
  /** The name of each item's file. */
  files?: readonly string[] | undefined;
}

/**
 * One line per item, each an object by tensor name, or what `instead` has for an item. Every tensor's
 * first dimension counts the items. The name of an item's file comes first, unless a tensor is called
 * `file`. RangeError when the tensors disagree on the items, or bytes do not fit a shape.
 */
export function encodeTensorLines(
  tensors: ReadonlyMap<string, Tensor>,
  { instead, files }: LineExtras = {},
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
    const file = tensors.has('file') ? undefined : files?.[item];
    const other = instead?.get(item);
    if (other !== undefined) {
      lines.push(`${JSON.stringify({ ...(file !== undefined && { file }), ...other })}\n`);
      continue;
    }
    const fields = columns.map(({ key, shape, print }) => {
      return `${key}:${printNested(shape, item * elementCount(shape), print)}`;
    });
    if (file !== undefined) fields.unshift(`"file":${JSON.stringify(file)}`);
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
