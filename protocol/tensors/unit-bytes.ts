import { DIGEST_BYTES, type Sha256, sha256 } from '../bytes/digest.ts';
import { type Dtype, specBytes, type Tensor, type TensorSpec, unitBytes } from './tensor.ts';

type FloatDtype = 'f16' | 'f32' | 'f64';

/**
 * The tensors of one unit, in the order of `specs`, as views into `bytes` (little-endian, so the
 * views may be unaligned). Throws a RangeError unless `bytes` is exactly one unit long.
 */
export function splitUnit(specs: readonly TensorSpec[], bytes: Uint8Array): Tensor[] {
  if (bytes.length !== unitBytes(specs)) {
    throw new RangeError(`expected ${unitBytes(specs)} unit bytes, got ${bytes.length}`);
  }
  let offset = 0;
  return specs.map(({ dtype, shape }) => {
    const start = offset;
    offset += specBytes({ dtype, shape });
    return { dtype, shape, data: bytes.subarray(start, offset) };
  });
}

/** What a unit of one item of such units is made of. */
export const itemSpecs = (specs: readonly TensorSpec[]): TensorSpec[] => resizeUnit(specs, 1);

/** The tensors of a unit of so many items, of those of a unit of another size. */
export const resizeUnit = (specs: readonly TensorSpec[], unitItems: number): TensorSpec[] =>
  specs.map((spec) => ({ ...spec, shape: [unitItems, ...spec.shape.slice(1)] }));

/**
 * The items of one unit as units of one item, end to end. The first dimension of every spec counts
 * the items. RangeError unless `bytes` is one unit.
 */
export function splitItems(
  specs: readonly TensorSpec[],
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const items = specs[0]?.shape[0] ?? 0;
  const tensors = splitUnit(specs, bytes);
  const split = new Uint8Array(bytes.length);
  let offset = 0;
  for (let item = 0; item < items; item += 1) {
    for (const { data } of tensors) {
      const length = data.length / items;
      split.set(data.subarray(item * length, (item + 1) * length), offset);
      offset += length;
    }
  }
  return split;
}

/** One unit of items that are units of one, end to end: what `splitItems` takes apart. */
export function joinItems(
  specs: readonly TensorSpec[],
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const items = specs[0]?.shape[0] ?? 0;
  const joined = new Uint8Array(unitBytes(specs));
  if (bytes.length !== joined.length) {
    throw new RangeError(`expected ${joined.length} bytes of items, got ${bytes.length}`);
  }
  const tensors = splitUnit(specs, joined);
  let offset = 0;
  for (let item = 0; item < items; item += 1) {
    for (const { data } of tensors) {
      const length = data.length / items;
      data.set(bytes.subarray(offset, offset + length), item * length);
      offset += length;
    }
  }
  return joined;
}

/**
 * A unit whose item at each place is the item of `bytes` at `picks[place]`. RangeError unless
 * `bytes` is one unit.
 */
export function pickItems(
  specs: readonly TensorSpec[],
  bytes: Uint8Array,
  picks: readonly number[],
): Uint8Array<ArrayBuffer> {
  const items = specs[0]?.shape[0] ?? 0;
  const picked = new Uint8Array(bytes.length);
  const from = splitUnit(specs, bytes);
  for (const [index, { data }] of splitUnit(specs, picked).entries()) {
    const length = data.length / items;
    const source = from[index]?.data ?? new Uint8Array();
    for (const [place, pick] of picks.entries()) {
      data.set(source.subarray(pick * length, (pick + 1) * length), place * length);
    }
  }
  return picked;
}

/**
 * The unit with its first good item in the place of each failed one; what stands behind the first
 * `items` repeats the last of them. Undefined where no item is good.
 */
export function mendUnit(
  specs: readonly TensorSpec[],
  bytes: Uint8Array,
  { items, failed }: { items: number; failed: readonly number[] },
): Uint8Array<ArrayBuffer> | undefined {
  const bad = new Set(failed);
  const places = Array.from({ length: items }, (_, place) => place);
  const good = places.find((place) => !bad.has(place));
  if (good === undefined) return undefined;
  const total = specs[0]?.shape[0] ?? 0;
  const picks = Array.from({ length: total }, (_, place) => {
    const item = Math.min(place, items - 1);
    return bad.has(item) ? good : item;
  });
  return pickItems(specs, bytes, picks);
}

/**
 * Writes one quiet bit pattern (0x7e00, 0x7fc00000, 0x7ff8000000000000) over every NaN, in place,
 * so that equal results have equal digests. `bytes` is any number of whole units (RangeError
 * otherwise). Returns whether there was any NaN.
 */
export const canonicaliseNan = (specs: readonly TensorSpec[], bytes: Uint8Array): boolean =>
  scanNan(specs, bytes, true);

/** Whether any float in `bytes` (any number of whole units) is NaN. */
export const hasNan = (specs: readonly TensorSpec[], bytes: Uint8Array): boolean =>
  scanNan(specs, bytes, false);

/** SHA-256 of each unit, 32 bytes each, end to end. RangeError unless `bytes` is whole units. */
export function digestUnits(
  unit: readonly TensorSpec[] | number,
  bytes: Uint8Array,
  hash: Sha256 = sha256,
): Uint8Array<ArrayBuffer> {
  const length = typeof unit === 'number' ? unit : unitBytes(unit);
  const count = countUnits(length, bytes);
  const digests = new Uint8Array(count * DIGEST_BYTES);
  for (let index = 0; index < count; index += 1) {
    const digest = hash(bytes.subarray(index * length, (index + 1) * length));
    digests.set(digest, index * DIGEST_BYTES);
  }
  return digests;
}

function countUnits(length: number, bytes: Uint8Array): number {
  const count = bytes.length / length;
  if (!Number.isSafeInteger(count)) {
    throw new RangeError(`${bytes.length} bytes are not whole units of ${length} bytes`);
  }
  return count;
}

function scanNan(specs: readonly TensorSpec[], bytes: Uint8Array, write: boolean): boolean {
  const length = unitBytes(specs);
  const count = countUnits(length, bytes);
  const [first] = specs;
  // The usual case, every tensor of one dtype, is one long run instead of many short ones.
  if (first !== undefined && specs.every(({ dtype }) => dtype === first.dtype)) {
    return isFloat(first.dtype) && scanRun(first.dtype, bytes, write);
  }
  let found = false;
  let offset = 0;
  for (let index = 0; index < count; index += 1) {
    for (const spec of specs) {
      const run = bytes.subarray(offset, offset + specBytes(spec));
      offset += run.length;
      if (isFloat(spec.dtype) && scanRun(spec.dtype, run, write)) found = true;
      if (found && !write) return true;
    }
  }
  return found;
}

const isFloat = (dtype: Dtype): dtype is FloatDtype =>
  dtype === 'f16' || dtype === 'f32' || dtype === 'f64';

const ALIGNMENT = { f16: 2, f32: 4, f64: 4 } as const;
const SCRATCH_BYTES = 64 * 1024;

/** Typed arrays want aligned memory: an unaligned run goes through a copy, part by part. */
function scanRun(dtype: FloatDtype, run: Uint8Array, write: boolean): boolean {
  if (run.byteOffset % ALIGNMENT[dtype] === 0) return scanAligned(dtype, run, write);
  const scratch = new Uint8Array(Math.min(run.length, SCRATCH_BYTES));
  let found = false;
  for (let offset = 0; offset < run.length; offset += scratch.length) {
    const part = run.subarray(offset, offset + scratch.length);
    const copy = scratch.subarray(0, part.length);
    copy.set(part);
    if (!scanAligned(dtype, copy, write)) continue;
    found = true;
    if (!write) return true;
    part.set(copy);
  }
  return found;
}

function scanAligned(dtype: FloatDtype, run: Uint8Array, write: boolean): boolean {
  const { buffer, byteOffset, length } = run;
  switch (dtype) {
    case 'f16':
      return scanHalves(new Uint16Array(buffer, byteOffset, length / 2), write);
    case 'f32':
      return scanSingles(new Uint32Array(buffer, byteOffset, length / 4), write);
    case 'f64':
      return scanDoubles(new Uint32Array(buffer, byteOffset, length / 4), write);
  }
}

function scanHalves(words: Uint16Array, write: boolean): boolean {
  let found = false;
  for (let index = 0; index < words.length; index += 1) {
    if (((words[index] as number) & 0x7fff) <= 0x7c00) continue;
    if (!write) return true;
    found = true;
    words[index] = 0x7e00;
  }
  return found;
}

function scanSingles(words: Uint32Array, write: boolean): boolean {
  let found = false;
  for (let index = 0; index < words.length; index += 1) {
    if (((words[index] as number) & 0x7fffffff) <= 0x7f800000) continue;
    if (!write) return true;
    found = true;
    words[index] = 0x7fc00000;
  }
  return found;
}

/** Doubles as pairs of words, low one first: 4-byte alignment is enough and no BigInt is made. */
function scanDoubles(words: Uint32Array, write: boolean): boolean {
  let found = false;
  for (let index = 0; index < words.length; index += 2) {
    const high = (words[index + 1] as number) & 0x7fffffff;
    if (high < 0x7ff00000 || (high === 0x7ff00000 && words[index] === 0)) continue;
    if (!write) return true;
    found = true;
    words[index] = 0;
    words[index + 1] = 0x7ff80000;
  }
  return found;
}
