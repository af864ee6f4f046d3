import { printElement, writeElement } from './element.ts';
import { accept, type Result, refuse } from './refusal.ts';
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
  const stacks = specs.map((spec) => new Stack(spec));
  let items = 0;
  let number = 0;
  for (const line of linesOf(decoded.value)) {
    number += 1;
    if (line.trim() === '') continue;
    const added = addLine(stacks, line, `line ${number}`);
    if (!added.ok) return added;
    items += 1;
  }
  if (items === 0) return refuse('input-empty', 'the file has no items; write one item a line');
  return accept({
    items,
    tensors: new Map(stacks.map((stack) => [stack.spec.name, stack.close(items)])),
  });
}

function decodeText(bytes: Uint8Array): Result<string> {
  try {
    return accept(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse(
      'input-format',
      'the file is not UTF-8 text of its length; save JSON Lines as UTF-8',
    );
  }
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

function addLine(stacks: readonly Stack[], line: string, at: string): Result<null> {
  let item: unknown;
  try {
    item = JSON.parse(line);
  } catch {
    return refuse(
      'input-format',
      `${at} is not JSON; write one item a line, with no commas between`,
      at,
    );
  }
  const named = nameFields(stacks, item, at);
  if (!named.ok) return named;
  for (const stack of stacks) {
    const { name } = stack.spec;
    if (!named.value.has(name))
      return refuse('input-name', `${at} lacks input ${name}; add it`, at);
    const refused = stack.push(named.value.get(name), `${at}: ${name}`);
    if (refused !== undefined) return refused;
  }
  return accept(null);
}

function nameFields(
  stacks: readonly Stack[],
  item: unknown,
  at: string,
): Result<ReadonlyMap<string, unknown>> {
  const names = stacks.map((stack) => stack.spec.name);
  if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
    const fields = new Map<string, unknown>(Object.entries(item));
    const extra = [...fields.keys()].find((name) => !names.includes(name));
    if (extra === undefined) return accept(fields);
    return refuse(
      'input-name',
      `${at} names ${extra}; the model's inputs are ${names.join(', ')}`,
      at,
    );
  }
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return accept(new Map([[only, item]]));
  return refuse('input-name', `${at} must be an object with ${names.join(', ')}`, at);
}

/** Grows with what was really read: a shape in a spec reserves nothing before its numbers are there. */
class Stack {
  readonly spec: TensorSpec;
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #count = 0;

  constructor(spec: TensorSpec) {
    this.spec = spec;
  }

  push(value: unknown, at: string, axis = 0): Result<never> | undefined {
    const { dtype, shape } = this.spec;
    const dimension = shape[axis];
    if (dimension === undefined) {
      this.#reserve(1);
      const broken = writeElement(dtype, this.#view, this.#count, value);
      if (broken !== undefined) {
        return refuse(Array.isArray(value) ? 'input-shape' : 'input-dtype', `${at}: ${broken}`, at);
      }
      this.#count += 1;
      return undefined;
    }
    if (!Array.isArray(value) || value.length !== dimension) {
      const got = Array.isArray(value) ? `${value.length} values` : 'no array';
      const message = `${at}: expected ${dimension} values (shape [${shape}], axis ${axis}), got ${got}`;
      return refuse('input-shape', message, at);
    }
    for (const [index, part] of value.entries()) {
      const refused = this.push(part, `${at}[${index}]`, axis + 1);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  close(items: number): Tensor {
    const { dtype, shape } = this.spec;
    const data = this.#bytes.slice(0, this.#count * DTYPE_BYTES[dtype]);
    return { dtype, shape: [items, ...shape], data };
  }

  #reserve(elements: number) {
    const needed = (this.#count + elements) * DTYPE_BYTES[this.spec.dtype];
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/**
 * One line per item, each an object by tensor name. Every tensor's first dimension counts the items.
 * RangeError when the tensors disagree on it, or bytes do not fit a shape.
 */
export function encodeTensorLines(tensors: ReadonlyMap<string, Tensor>): string {
  const columns = [...tensors].map(([name, tensor]) => {
    const { dtype, shape, data } = tensor;
    if (shape.length === 0 || data.length !== specBytes({ dtype, shape })) {
      throw new RangeError(`tensor ${name}: ${data.length} bytes, shape [${shape}]`);
    }
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return {
      key: JSON.stringify(name),
      dtype,
      items: shape[0] as number,
      shape: shape.slice(1),
      view,
    };
  });
  const items = columns[0]?.items ?? 0;
  if (columns.some((column) => column.items !== items)) {
    throw new RangeError('the tensors have different numbers of items');
  }
  let text = '';
  for (let item = 0; item < items; item += 1) {
    const fields = columns.map(
      ({ key, dtype, shape, view }) =>
        `${key}:${printNested(shape, item * elementCount(shape), (index) => printElement(dtype, view, index))}`,
    );
    text += `{${fields.join(',')}}\n`;
  }
  return text;
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
