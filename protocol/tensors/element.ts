import { decodeHalf, encodeHalf } from '../bytes/float16.ts';
import type { Dtype } from './tensor.ts';

const INTEGER_RANGE: Partial<Record<Dtype, readonly [bigint, bigint]>> = {
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  i16: [-32768n, 32767n],
  i8: [-128n, 127n],
  u8: [0n, 255n],
  bool: [0n, 1n],
};
/** JSON has no words for these; they travel as text. */
const NOT_FINITE = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

const WHOLE = /^-?[0-9]{1,20}$/;

/** Where elements of one dtype are written. */
export interface ElementTarget {
  dtype: Dtype;
  view: DataView;
}

/**
 * Writes a JSON value as element `index` of `view`, little-endian. Integers past 2^53 come as text.
 * Answers nothing, or the rule that was broken.
 */
export function writeElement(
  { dtype, view }: ElementTarget,
  index: number,
  value: unknown,
): string | undefined {
  const range = INTEGER_RANGE[dtype];
  if (range === undefined) return writeFloat({ dtype, view }, index, value);
  const whole = toWhole(dtype, value);
  if (whole === undefined) {
    return dtype === 'bool'
      ? `expected true, false, 0 or 1, got ${showValue(value)}`
      : `expected a whole number for ${dtype}, got ${showValue(value)}`;
  }
  if (whole < range[0] || whole > range[1])
    return `expected ${range[0]} to ${range[1]} for ${dtype}`;
  writeNumber({ dtype, view }, index, whole);
  return undefined;
}

/** Writes element `index` of `view`, little-endian; a number that does not fit its dtype is cut. */
export function writeNumber(
  { dtype, view }: ElementTarget,
  index: number,
  value: number | bigint,
): void {
  switch (dtype) {
    case 'f64':
      return view.setFloat64(index * 8, Number(value), true);
    case 'f32':
      return view.setFloat32(index * 4, Number(value), true);
    case 'f16':
      return view.setUint16(index * 2, encodeHalf(Number(value)), true);
    case 'i64':
      return view.setBigInt64(index * 8, BigInt(value), true);
    case 'i32':
      return view.setInt32(index * 4, Number(value), true);
    case 'i16':
      return view.setInt16(index * 2, Number(value), true);
    default:
      return view.setInt8(index, Number(value));
  }
}

function toWhole(dtype: Dtype, value: unknown): bigint | undefined {
  if (typeof value === 'boolean' && dtype === 'bool') return value ? 1n : 0n;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === 'string' && WHOLE.test(value)) return BigInt(value);
  return undefined;
}

function writeFloat(
  { dtype, view }: ElementTarget,
  index: number,
  value: unknown,
): string | undefined {
  const word = typeof value === 'string' ? NOT_FINITE.get(value) : undefined;
  // Long whole numbers may come as text, as for integers.
  const isWhole = typeof value === 'string' && /^-?[0-9]{16,}$/.test(value);
  const number = word ?? (isWhole ? Number(value) : value);
  if (typeof number !== 'number') {
    return `expected a number, "NaN", "Infinity" or "-Infinity", got ${showValue(value)}`;
  }
  writeNumber({ dtype, view }, index, number);
  // JSON reads what is past all doubles, such as 1e999, as infinity.
  if (word !== undefined || Number.isFinite(readNumber(dtype, view, index))) return undefined;
  return `a number is past the range of ${dtype}; write "Infinity" where you mean it`;
}

/** A value in a sentence: what it is, and the start of it. */
function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return typeof value === 'string' ? `the text ${shown}; write numbers without quotes` : shown;
}

/** Element `index` of `view`, little-endian; i64 as a bigint, since a number loses digits. */
export function readNumber(dtype: Dtype, view: DataView, index: number): number | bigint {
  switch (dtype) {
    case 'f64':
      return view.getFloat64(index * 8, true);
    case 'f32':
      return view.getFloat32(index * 4, true);
    case 'f16':
      return decodeHalf(view.getUint16(index * 2, true));
    case 'i64':
      return view.getBigInt64(index * 8, true);
    case 'i32':
      return view.getInt32(index * 4, true);
    case 'i16':
      return view.getInt16(index * 2, true);
    case 'i8':
      return view.getInt8(index);
    case 'u8':
    case 'bool':
      return view.getUint8(index);
  }
}

/** Element `index` as JSON text, in the fewest digits that read back to the same bits. */
export function printElement(dtype: Dtype, view: DataView, index: number): string {
  const value = readNumber(dtype, view, index);
  if (dtype === 'bool') return value === 0 ? 'false' : 'true';
  if (typeof value === 'bigint') {
    const safe = BigInt.asIntN(54, value) === value && value !== -(2n ** 53n);
    return safe ? value.toString() : `"${value}"`;
  }
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0';
  if (dtype === 'f32') return shortest(value, 6, Math.fround);
  if (dtype === 'f16') return shortest(value, 3, (number) => decodeHalf(encodeHalf(number)));
  return String(value);
}

/** A float32 reads back from 9 digits at most, a float16 from 5; a double needs none of this. */
function shortest(value: number, digits: number, round: (value: number) => number): string {
  const plain = String(value);
  for (let precision = digits; precision <= 9 && plain.length > precision; precision += 1) {
    const shorter = Number(value.toPrecision(precision));
    if (round(shorter) === value) return String(shorter);
  }
  return plain;
}
