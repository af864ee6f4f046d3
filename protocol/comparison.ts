import type { Comparator } from './package.ts';
import { DTYPE_BYTES, type Dtype, specBytes, type TensorSpec } from './tensor.ts';

/** How far a claimed unit is from the reference: the largest of each measure over the outputs. */
export interface Distance {
  /** ‖a−b‖₂ / ‖b‖₂ */
  l2: number;
  /** max|a−b| / RMS(b) */
  max: number;
  /** Whether every output lies within its comparator. */
  within: boolean;
}

/** Stands for "beyond measure": another length, NaN or infinity where the reference has none. JSON
 * has no infinity, and a verdict must be written as JSON. */
export const DISTANCE_MAX = 1e9;
/** For an output the package names no comparator for. Source: reference/verification.md §3.4. */
export const COMPARATOR_DEFAULT = { l2: 1e-4, max: 1e-2 } as const;
export const BEYOND: Distance = { l2: DISTANCE_MAX, max: DISTANCE_MAX, within: false };

/** Compares the bytes of one unit, output by output. The reference has the manifest's shapes. */
export function compareUnits(
  claimed: Uint8Array,
  reference: Uint8Array,
  rule: { outputs: readonly TensorSpec[]; comparators: readonly Comparator[] },
): Distance {
  const total: Distance = { l2: 0, max: 0, within: true };
  if (claimed.length !== reference.length) return BEYOND;
  let offset = 0;
  for (const spec of rule.outputs) {
    const end = offset + specBytes(spec);
    if (end > reference.length) return BEYOND;
    const one = compareTensors(
      claimed.subarray(offset, end),
      reference.subarray(offset, end),
      spec.dtype,
    );
    const limit =
      rule.comparators.find((comparator) => comparator.output === spec.name) ?? COMPARATOR_DEFAULT;
    total.l2 = Math.max(total.l2, one.l2);
    total.max = Math.max(total.max, one.max);
    total.within &&= one.l2 <= limit.l2 && one.max <= limit.max;
    offset = end;
  }
  return offset === reference.length ? total : BEYOND;
}

/**
 * Relative distances of two tensors of one dtype, in float64. Everything is divided by max|b| first,
 * so that squares neither overflow nor vanish. A reference of zeros has no scale of its own and is
 * judged on the absolute scale 1. NaN agrees only with NaN, an infinity only with itself.
 */
export function compareTensors(
  claimed: Uint8Array,
  reference: Uint8Array,
  dtype: Dtype,
): { l2: number; max: number } {
  const a = openReader(claimed, dtype);
  const b = openReader(reference, dtype);
  const count = reference.length / DTYPE_BYTES[dtype];
  let scale = 0;
  for (let place = 0; place < count; place += 1) {
    const magnitude = Math.abs(b(place));
    if (magnitude > scale && magnitude !== Infinity) scale = magnitude;
  }
  const zero = scale === 0;
  if (zero) scale = 1;
  let differences = 0;
  let squares = 0;
  let largest = 0;
  for (let place = 0; place < count; place += 1) {
    const claim = a(place);
    const truth = b(place);
    if (claim === truth || (Number.isNaN(claim) && Number.isNaN(truth))) {
      if (Number.isFinite(truth)) squares += (truth / scale) ** 2;
      continue;
    }
    if (!Number.isFinite(claim) || !Number.isFinite(truth)) return BEYOND;
    const difference = claim / scale - truth / scale;
    differences += difference ** 2;
    squares += (truth / scale) ** 2;
    largest = Math.max(largest, Math.abs(difference));
  }
  if (differences === 0 && largest === 0) return { l2: 0, max: 0 };
  const norm = zero ? Math.sqrt(count) : Math.sqrt(squares);
  const rms = zero ? 1 : Math.sqrt(squares / count);
  return { l2: cap(Math.sqrt(differences) / norm), max: cap(largest / rms) };
}

/** Beyond measure too: overflow, and NaN from infinity over infinity. */
const cap = (distance: number): number =>
  Number.isFinite(distance) ? Math.min(distance, DISTANCE_MAX) : DISTANCE_MAX;

function openReader(bytes: Uint8Array, dtype: Dtype): (place: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (dtype) {
    case 'f64':
      return (place) => view.getFloat64(place * 8, true);
    case 'f32':
      return (place) => view.getFloat32(place * 4, true);
    case 'f16':
      return (place) => decodeHalf(view.getUint16(place * 2, true));
    case 'i64':
      return (place) => Number(view.getBigInt64(place * 8, true));
    case 'i32':
      return (place) => view.getInt32(place * 4, true);
    case 'i16':
      return (place) => view.getInt16(place * 2, true);
    case 'i8':
      return (place) => view.getInt8(place);
    case 'u8':
    case 'bool':
      return (place) => view.getUint8(place);
  }
}

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits biased by 15, 10 fraction bits. */
export function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
