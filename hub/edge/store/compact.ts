import { openBoundedMap } from '#node/bounded-map.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import { type ByteReader, type ByteWriter, openReader, openWriter } from './byte-cursor.ts';

/**
 * How a value lies among the bytes. `=`: not at all, its reader knows it by the name of its field.
 * `uint`: a varint. `word`: the number of a text that comes again and again. `hex…`, `base64`: the
 * bytes that the text says; `hex`, `base64` and `text` have their length before them. `json`: what
 * the others do not give back exactly.
 */
type Kind =
  | ('=' | 'true' | 'false' | 'uint' | 'float' | 'word')
  | ('hex16' | 'hex32' | 'hex64' | 'hex' | 'base64' | 'text' | 'json');
/** Kinds of an object's fields, in their order: a new field is a new shape, old ones stay. */
type Shape = Kind | { readonly [field: string]: Shape };
type Fields = Readonly<Record<string, unknown>>;

/** Fields whose texts come again and again. */
const WORDS = new Set([
  ...['job', 'device', 'class', 'provider', 'package', 'verifier', 'kind', 'lane', 'comparator'],
  ...['outcome', 'cause', 'reason', 'counted', 'version'],
]);
const HEX_BYTES: Readonly<Record<string, number>> = { hex16: 16, hex32: 32, hex64: 64 };
const WORD = /^[\x20-\x7e]{1,200}$/;
const HEX = /^(?:[0-9a-f]{2})+$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A value to be written. */
export interface Draft {
  /** What needs numbers first: its shape, and its words. */
  texts: readonly string[];
  /** Its bytes: the number of its shape, then what the shape says. */
  encode(numberOf: (text: string) => number): Uint8Array;
}

/** Drafts a value that JSON can say. `known`: what its reader has, by the names of fields. */
export function draftCompact(value: unknown, known: Fields = {}): Draft {
  const words: string[] = [];
  const shape = shapeOf(value, { known, words });
  const text = JSON.stringify(shape);
  return {
    texts: [text, ...words],
    encode(numberOf) {
      const to = openWriter();
      to.uint(numberOf(text));
      write(value, shape, { to, numberOf });
      return to.take();
    },
  };
}

/** What was drafted with the same `known`, as far as `textOf` has the texts of its numbers. */
export function decodeCompact(
  bytes: Uint8Array,
  textOf: (number: number) => string | undefined,
  known: Fields = {},
): unknown {
  const from = openReader(bytes);
  const shape = textOf(from.uint());
  return shape === undefined ? undefined : read(parseShape(shape), { from, textOf, known });
}

/** Shapes that were read lately, by their text. */
const shapes = openBoundedMap<string, Shape>(1_024);

function parseShape(text: string): Shape {
  const known = shapes.get(text);
  if (known !== undefined) return known;
  const shape = JSON.parse(text) as Shape;
  shapes.set(text, shape);
  return shape;
}

function shapeOf(value: unknown, around: { known: Fields; words: string[] }, field = ''): Shape {
  if (value !== undefined && value === around.known[field]) return '=';
  if (typeof value === 'string') {
    if (!WORDS.has(field) || !WORD.test(value)) return kindOfText(value);
    around.words.push(value);
    return 'word';
  }
  if (typeof value === 'number') {
    const isUint = Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
    return isUint ? 'uint' : 'float';
  }
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (!isFields(value)) return 'json';
  const shape: Record<string, Shape> = {};
  for (const name of Object.keys(value)) {
    if (value[name] !== undefined) shape[name] = shapeOf(value[name], around, name);
  }
  return shape;
}

/** An object of whose fields a shape can be made. */
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !Object.hasOwn(value, '__proto__');

function kindOfText(text: string): Kind {
  if (HEX.test(text)) {
    const kind = `hex${text.length / 2}`;
    return kind in HEX_BYTES ? (kind as Kind) : 'hex';
  }
  if (BASE64.test(text) && Buffer.from(text, 'base64').toString('base64') === text) return 'base64';
  return Buffer.from(text).toString() === text ? 'text' : 'json';
}

function write(
  value: unknown,
  shape: Shape,
  on: { to: ByteWriter; numberOf(text: string): number },
): void {
  const { to } = on;
  if (typeof shape === 'object') {
    for (const field in shape) write((value as Fields)[field], shape[field] as Shape, on);
    return;
  }
  switch (shape) {
    case 'uint':
      return to.uint(value as number);
    case 'float':
      return to.float(value as number);
    case 'word':
      return to.uint(on.numberOf(value as string));
    case 'hex16':
    case 'hex32':
    case 'hex64':
      return to.text(value as string, 'hex');
    case 'hex':
    case 'base64':
      to.uint(Buffer.byteLength(value as string, shape));
      return to.text(value as string, shape);
    case 'text':
    case 'json': {
      const text = shape === 'json' ? JSON.stringify(value) : (value as string);
      to.uint(Buffer.byteLength(text));
      to.text(text, 'utf8');
    }
  }
}

function refuseGap(field: string): never {
  const message = `a row of the database leaves out its ${field}, and no other has it; restore hub.db from a backup`;
  throw new PocketgridError(refusal('storage-failed', message));
}

function read(
  shape: Shape,
  on: { from: ByteReader; textOf(number: number): string | undefined; known: Fields },
  name = '',
): unknown {
  const { from } = on;
  if (typeof shape === 'object') {
    const value: Record<string, unknown> = {};
    for (const field in shape) value[field] = read(shape[field] as Shape, on, field);
    return value;
  }
  switch (shape) {
    case '=':
      return Object.hasOwn(on.known, name) ? on.known[name] : refuseGap(name);
    case 'true':
    case 'false':
      return shape === 'true';
    case 'uint':
      return from.uint();
    case 'float':
      return from.float();
    case 'word':
      return on.textOf(from.uint());
    case 'hex16':
    case 'hex32':
    case 'hex64':
      return from.text(HEX_BYTES[shape] ?? 0, 'hex');
    case 'hex':
    case 'base64':
      return from.text(from.uint(), shape);
    case 'text':
      return from.text(from.uint(), 'utf8');
    case 'json':
      return JSON.parse(from.text(from.uint(), 'utf8'));
  }
}
