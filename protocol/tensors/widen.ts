import { decodeHalf, powerOfTwo } from '../bytes/float16.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { DTYPE_BYTES, type Dtype } from './tensor.ts';

/** Dtypes of files: ours, and those that one of ours holds each number of. */
export type StoredDtype = Dtype | keyof typeof FOREIGN;

/** What units of a job may take. */
const WIDENED_BYTES_MAX = 1024 * 1024 * 1024;

type Write = (from: DataView, to: DataView, index: number) => void;

const E4M3_NAN = 0x7f;

/** A number of the 8 bits of F8_E4M3 (OCP 8-bit floating point): no infinity, one NaN a sign. */
function decodeE4m3(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 3) & 15, bits & 7];
  if ((bits & 0x7f) === E4M3_NAN) return Number.NaN;
  if (exponent === 0) return sign * fraction * powerOfTwo(-9);
  return sign * (8 + fraction) * powerOfTwo(exponent - 10);
}

const FOREIGN = {
  u16: foreign(2, 'i32', (from, to, at) => to.setInt32(at * 4, from.getUint16(at * 2, true), true)),
  u32: foreign(4, 'i64', (from, to, at) =>
    to.setBigInt64(at * 8, BigInt(from.getUint32(at * 4, true)), true),
  ),
  // Past 2^63 the sign tells; `widen` looks for it.
  u64: foreign(8, 'i64', (from, to, at) =>
    to.setBigInt64(at * 8, from.getBigInt64(at * 8, true), true),
  ),
  // The upper half of an f32.
  bf16: foreign(2, 'f32', (from, to, at) =>
    to.setUint32(at * 4, from.getUint16(at * 2, true) << 16, true),
  ),
  f8e4m3: foreign(1, 'f32', (from, to, at) =>
    to.setFloat32(at * 4, decodeE4m3(from.getUint8(at)), true),
  ),
  // The upper half of an f16.
  f8e5m2: foreign(1, 'f32', (from, to, at) =>
    to.setFloat32(at * 4, decodeHalf(from.getUint8(at) << 8), true),
  ),
} as const;

function foreign(bytes: number, dtype: Dtype, write: Write) {
  return { bytes, dtype, write };
}

const isForeign = (dtype: StoredDtype): dtype is keyof typeof FOREIGN => dtype in FOREIGN;

/** Bytes of an element of a dtype in a file. */
export const storedBytes = (dtype: StoredDtype): number =>
  isForeign(dtype) ? FOREIGN[dtype].bytes : DTYPE_BYTES[dtype];

/**
 * The same numbers in a dtype that units carry; all little-endian. Refuses with `input-dtype` a u64
 * past 2^63, which none of them holds, and with `input-too-big` what would grow too large.
 */
export function widen(
  stored: StoredDtype,
  data: Uint8Array,
): Result<{ dtype: Dtype; data: Uint8Array }> {
  if (!isForeign(stored)) return accept({ dtype: stored, data });
  const { bytes, dtype, write } = FOREIGN[stored];
  const count = Math.floor(data.length / bytes);
  const length = count * DTYPE_BYTES[dtype];
  if (length > WIDENED_BYTES_MAX) {
    const message = `as ${dtype} the ${stored} numbers take ${length} bytes, and ${WIDENED_BYTES_MAX} is the limit; send fewer`;
    return refuse('input-too-big', message);
  }
  const source = new DataView(data.buffer, data.byteOffset, data.length);
  const target = new DataView(new ArrayBuffer(length));
  for (let index = 0; index < count; index += 1) {
    write(source, target, index);
    if (stored !== 'u64' || target.getBigInt64(index * 8, true) >= 0n) continue;
    return refuse('input-dtype', 'it has whole numbers past 2^63, which no dtype here holds');
  }
  return accept({ dtype, data: new Uint8Array(target.buffer) });
}
