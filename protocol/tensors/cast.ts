import { readNumber, writeNumber } from './element.ts';
import { DTYPE_BYTES, type Dtype, elementCount, type Tensor } from './tensor.ts';

/** The first number that another dtype does not hold. */
export interface Misfit {
  /** Of the element, in row-major order. */
  index: number;
  value: number | bigint;
}

/**
 * The tensor in another dtype, every number the same: f64 that came from f32, whole numbers kept as
 * floats, truth values as 0 and 1. The first number that is not the same there stops it.
 */
export function castExactly(tensor: Tensor, dtype: Dtype): Tensor | Misfit {
  const count = elementCount(tensor.shape);
  const source = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length);
  const view = new DataView(new ArrayBuffer(count * DTYPE_BYTES[dtype]));
  for (let index = 0; index < count; index += 1) {
    const value = readNumber(tensor.dtype, source, index);
    if (!holds(dtype, value)) return { index, value };
    writeNumber({ dtype, view }, index, value);
    if (!isSame(readNumber(dtype, view, index), value)) return { index, value };
  }
  return { dtype, shape: tensor.shape, data: new Uint8Array(view.buffer) };
}

/** Whether a write of the value is defined at all: no fraction for an integer, 0 or 1 for a bool. */
function holds(dtype: Dtype, value: number | bigint): boolean {
  if (dtype === 'bool') return Number(value) === 0 || Number(value) === 1;
  return dtype.startsWith('f') || typeof value === 'bigint' || Number.isInteger(value);
}

function isSame(a: number | bigint, b: number | bigint): boolean {
  // JavaScript compares a bigint with a number by their mathematical values.
  // biome-ignore lint/suspicious/noDoubleEquals: 1n === 1 is false.
  return a == b || (Number.isNaN(a) && Number.isNaN(b));
}
