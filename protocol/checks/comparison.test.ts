import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hexToBytes } from '../bytes/digest.ts';
import { decodeHalf } from '../bytes/float16.ts';
import type { Dtype, TensorSpec } from '../tensors/tensor.ts';
import {
  BEYOND,
  compareTensors,
  compareUnits,
  countSteps,
  DISTANCE_MAX,
  isWithin,
} from './comparison.ts';

const vectors: {
  name: string;
  dtype: Dtype;
  claimed: string;
  reference: string;
  l2: string;
  max: string;
}[] = JSON.parse(readFileSync(new URL('../vectors/comparison.json', import.meta.url), 'utf8'));

const f32 = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);
const f64 = (...values: number[]) => new Uint8Array(new Float64Array(values).buffer);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const spec = (name: string, items: number): TensorSpec => ({ name, dtype: 'f32', shape: [items] });

describe('the distances', () => {
  it('are those of the formula', () => {
    const { l2, max } = compareTensors(f32(1, 2, 3.5), f32(1, 2, 3), 'f32');
    expect(l2).toBeCloseTo(0.5 / Math.sqrt(14), 12);
    expect(max).toBeCloseTo(0.5 / Math.sqrt(14 / 3), 12);
  });

  it('are zero for equal bytes of any dtype, NaN and infinities included', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (raw) => {
        const bytes = raw.subarray(0, raw.length - (raw.length % 8));
        for (const dtype of ['f64', 'f32', 'f16', 'i64', 'i32', 'i16', 'i8', 'u8'] as const) {
          expect(compareTensors(bytes, bytes.slice(), dtype)).toEqual({ l2: 0, max: 0 });
        }
      }),
    );
  });

  it('are finite numbers for anything: JSON must hold them', () => {
    const any = fc.array(fc.double(), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(any, any, (a, b) => {
        const length = Math.min(a.length, b.length);
        const left = f64(...a.slice(0, length));
        const { l2, max } = compareTensors(left, f64(...b.slice(0, length)), 'f64');
        for (const distance of [l2, max]) {
          expect(distance).toBeGreaterThanOrEqual(0);
          expect(distance).toBeLessThanOrEqual(DISTANCE_MAX);
        }
      }),
    );
  });

  it('do not depend on the scale of the outputs', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 8 }), (values) => {
        const b = values.map((value) => (value % 1e6) + 1);
        const a = b.map((value) => value * (1 + 1e-3));
        const plain = compareTensors(f64(...a), f64(...b), 'f64');
        const scaled = (list: number[]) => f64(...list.map((value) => value * 2 ** 600));
        const big = compareTensors(scaled(a), scaled(b), 'f64');
        expect(big.l2).toBeCloseTo(plain.l2, 9);
        expect(big.max).toBeCloseTo(plain.max, 9);
      }),
    );
  });

  it('fail where one side alone is NaN or infinite', () => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(compareTensors(f32(1, bad), f32(1, 2), 'f32').l2).toBe(DISTANCE_MAX);
      expect(compareTensors(f32(1, 2), f32(1, bad), 'f32').l2).toBe(DISTANCE_MAX);
    }
    expect(compareTensors(f32(Infinity), f32(-Infinity), 'f32').max).toBe(DISTANCE_MAX);
  });

  it('are absolute where the reference is all zeros', () => {
    expect(compareTensors(f32(0, 0), f32(0, -0), 'f32')).toEqual({ l2: 0, max: 0 });
    const { l2, max } = compareTensors(f32(0, 0.5), f32(0, 0), 'f32');
    expect(l2).toBeCloseTo(0.5 / Math.sqrt(2), 12);
    expect(max).toBeCloseTo(0.5, 12);
  });
});

describe('the decision', () => {
  it.each(vectors)('comes to the steps of the vector: $dtype, $name', (vector) => {
    const { claimed, reference, dtype } = vector;
    const found = compareTensors(hexToBytes(claimed), hexToBytes(reference), dtype);
    expect([String(countSteps(found.l2)), String(countSteps(found.max))]).toEqual([
      vector.l2,
      vector.max,
    ]);
  });

  const distance = fc.double({ min: 0, max: 2, noNaN: true });
  it('is that of the numbers themselves where they are a step or more apart', () => {
    fc.assert(
      fc.property(distance, distance, (found, limit) => {
        const within = isWithin({ l2: found, max: 0 }, { l2: limit, max: 0 });
        if (Math.abs(found - limit) > 2 ** -40) expect(within).toBe(found < limit);
        if (found === limit) expect(within).toBe(true);
      }),
    );
  });

  it('is monotonic: what is nearer in both measures is never worse', () => {
    fc.assert(
      fc.property(fc.tuple(distance, distance), fc.tuple(distance, distance), (far, limit) => {
        fc.pre(isWithin({ l2: far[0], max: far[1] }, { l2: limit[0], max: limit[1] }));
        const near = { l2: far[0] / 2, max: far[1] / 3 };
        expect(isWithin(near, { l2: limit[0], max: limit[1] })).toBe(true);
        expect(isWithin(near, { l2: limit[0] + 1, max: limit[1] + 1 })).toBe(true);
      }),
    );
  });

  it('never takes what is beyond measure, however wide the threshold', () => {
    const wide = { l2: 1e300, max: 1e300 };
    expect(isWithin(BEYOND, wide)).toBe(false);
    const outputs = [spec('a', 2)];
    const rule = { outputs, comparators: [{ output: 'a', ...wide }] };
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(compareUnits(f32(1, bad), f32(1, 2), rule).within).toBe(false);
    }
    expect(compareUnits(f32(1, 2, 3), f32(1, 2), rule).within).toBe(false);
    expect(compareUnits(f32(1, 3e38), f32(1, 2), rule).within).toBe(false);
  });

  it('does not depend on which of two equally large tensors is the reference', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 2 }),
        (list) => {
          const turned = [...list.slice(1), list[0] ?? 0];
          const there = compareTensors(f64(...turned), f64(...list), 'f64');
          const back = compareTensors(f64(...list), f64(...turned), 'f64');
          expect(back.l2).toBeCloseTo(there.l2, 9);
          expect(back.max).toBeCloseTo(there.max, 9);
        },
      ),
    );
  });
});

describe('a unit', () => {
  const outputs = [spec('a', 2), spec('b', 1)];
  it('is within only when each output is within its own comparator', () => {
    const comparators = [{ output: 'b', l2: 0.2, max: 1 }];
    const reference = f32(1, 2, 10);
    expect(compareUnits(f32(1, 2, 11), reference, { outputs, comparators }).within).toBe(true);
    expect(compareUnits(f32(1, 2, 13), reference, { outputs, comparators }).within).toBe(false);
    expect(compareUnits(f32(1.1, 2, 10), reference, { outputs, comparators }).within).toBe(false);
    expect(compareUnits(f32(1.000001, 2, 10), reference, { outputs, comparators }).within).toBe(
      true,
    );
  });

  it('is like a decoy where one output is as far off as the nearest, by both measures', () => {
    const nearest = { decoy: 'q4', l2: 0.1, max: 0.1 };
    const limit = { output: 'b', l2: 0.01, max: 0.01, nearest };
    const rule = { outputs, comparators: [limit] };
    const reference = f32(1, 2, 10);
    const asDecoy = (claimed: Uint8Array) => compareUnits(claimed, reference, rule).asDecoy;
    expect(asDecoy(f32(1, 2, 11.5))).toBe(true);
    expect(asDecoy(f32(1, 2, 10.5))).toBe(false);
    expect(asDecoy(f32(1, 2, Number.NaN))).toBe(true);
    // Of output a no decoy is known.
    expect(asDecoy(f32(9, 9, 10))).toBe(false);
    const far = { ...limit, nearest: { ...nearest, max: 0.2 } };
    const apart = compareUnits(f32(1, 2, 11.5), reference, { outputs, comparators: [far] });
    expect(apart.asDecoy).toBe(false);
  });

  it('of another length is beyond measure', () => {
    const rule = { outputs, comparators: [] };
    for (const claimed of [f32(1, 2), f32(1, 2, 3, 4), f32()]) {
      expect(compareUnits(claimed, f32(1, 2, 3), rule)).toMatchObject({ within: false });
    }
    expect(compareUnits(f32(1, 2), f32(1, 2), rule).within).toBe(false);
  });
});

it('decodes binary16', () => {
  const known = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0xfc00, 0x8000].map(decodeHalf);
  expect(known).toEqual([1, -2, 65504, 2 ** -24, Infinity, -Infinity, -0]);
  expect(decodeHalf(0x7e00)).toBeNaN();
});
