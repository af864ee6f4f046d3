import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { castExactly } from './cast.ts';
import { readNumber, writeNumber } from './element.ts';
import { DTYPE_BYTES, type Dtype, type Tensor } from './tensor.ts';

const tensorOf = (dtype: Dtype, values: readonly (number | bigint)[]): Tensor => {
  const view = new DataView(new ArrayBuffer(values.length * DTYPE_BYTES[dtype]));
  for (const [index, value] of values.entries()) writeNumber({ dtype, view }, index, value);
  return { dtype, shape: [values.length], data: new Uint8Array(view.buffer) };
};
const DTYPES = Object.keys(DTYPE_BYTES) as Dtype[];

describe('castExactly', () => {
  it('keeps each number, or names the first that does not fit', () => {
    const dtype = fc.constantFrom(...DTYPES);
    const value = fc.oneof(fc.integer(), fc.integer({ min: 0, max: 1 }), fc.double(), fc.float());
    fc.assert(
      fc.property(dtype, dtype, fc.array(value, { minLength: 1 }), (from, to, values) => {
        const whole = from.startsWith('f') ? values : values.map((each) => Math.trunc(each) || 0);
        const source = tensorOf(
          from,
          from === 'i64'
            ? whole.map((each) => BigInt.asIntN(64, BigInt(Number.isFinite(each) ? each : 0)))
            : whole,
        );
        if (from === 'bool')
          source.data.forEach((byte, index) => {
            source.data[index] = byte & 1;
          });
        const cast = castExactly(source, to);
        const read = (tensor: Tensor, index: number) =>
          readNumber(tensor.dtype, new DataView(tensor.data.buffer), index);
        if ('index' in cast) {
          expect(read(source, cast.index)).toEqual(cast.value);
          const one = castExactly(tensorOf(from, [cast.value]), to);
          expect(one).toMatchObject({ index: 0 });
          return;
        }
        const back = castExactly(cast, from);
        expect('data' in back && back.data.length).toBe(source.data.length);
        for (const index of values.keys()) {
          expect(Number(read(cast, index)) + 0).toEqual(Number(read(source, index)) + 0);
        }
      }),
    );
  });

  it('takes what is exact and stops at what is not', () => {
    expect(castExactly(tensorOf('f64', [1, 0.5, Number.NaN]), 'f32')).toEqual(
      tensorOf('f32', [1, 0.5, Number.NaN]),
    );
    expect(castExactly(tensorOf('f64', [1, 0.1]), 'f32')).toEqual({ index: 1, value: 0.1 });
    expect(castExactly(tensorOf('i64', [2n ** 53n + 1n]), 'f64')).toMatchObject({ index: 0 });
    expect(castExactly(tensorOf('i64', [-1n, 70_000n]), 'i32')).toEqual(
      tensorOf('i32', [-1, 70_000]),
    );
    expect(castExactly(tensorOf('f32', [1.5]), 'i32')).toEqual({ index: 0, value: 1.5 });
    expect(castExactly(tensorOf('f32', [Number.NaN]), 'i64')).toMatchObject({ index: 0 });
    expect(castExactly(tensorOf('u8', [0, 1, 2]), 'bool')).toEqual({ index: 2, value: 2 });
    expect(castExactly(tensorOf('u8', [200]), 'i8')).toEqual({ index: 0, value: 200 });
    expect(castExactly(tensorOf('bool', [1, 0]), 'f32')).toEqual(tensorOf('f32', [1, 0]));
  });
});
