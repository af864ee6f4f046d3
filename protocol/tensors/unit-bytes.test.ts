import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../bytes/digest.ts';
import { type Dtype, specBytes, type TensorSpec, unitBytes } from './tensor.ts';
import {
  canonicaliseNan,
  digestUnits,
  hasNan,
  itemSpecs,
  joinItems,
  mendUnit,
  splitItems,
  splitUnit,
} from './unit-bytes.ts';

const dtypes: Dtype[] = ['f64', 'f32', 'f16', 'i64', 'i32', 'i16', 'i8', 'u8', 'bool'];
const anySpecs = fc.array(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 5 }),
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
);

const reference = {
  f16: { bytes: 2, nan: [0x00, 0x7e] },
  f32: { bytes: 4, nan: [0x00, 0x00, 0xc0, 0x7f] },
  f64: { bytes: 8, nan: [0, 0, 0, 0, 0, 0, 0xf8, 0x7f] },
};

/** Slow and plain: reads each element by itself. */
function isNanAt(dtype: 'f16' | 'f32' | 'f64', view: DataView, at: number): boolean {
  if (dtype === 'f64') return Number.isNaN(view.getFloat64(at, true));
  if (dtype === 'f32') return Number.isNaN(view.getFloat32(at, true));
  return (view.getUint16(at, true) & 0x7fff) > 0x7c00;
}

function canonicalisePlainly(specs: readonly TensorSpec[], bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let found = false;
  for (let offset = 0; offset < bytes.length; ) {
    for (const { dtype, shape } of specs) {
      const end = offset + specBytes({ dtype, shape });
      if (dtype === 'f16' || dtype === 'f32' || dtype === 'f64') {
        for (; offset < end; offset += reference[dtype].bytes) {
          if (!isNanAt(dtype, view, offset)) continue;
          found = true;
          bytes.set(reference[dtype].nan, offset);
        }
      }
      offset = end;
    }
  }
  return found;
}

describe('the items of a unit', () => {
  const anyUnit = fc.record({ items: fc.integer({ min: 1, max: 6 }), specs: anySpecs });

  it('are taken apart into units of one, tensor by tensor, and joined without a change', () => {
    fc.assert(
      fc.property(anyUnit, ({ items, specs }) => {
        const rows = specs.map((spec) => ({ ...spec, shape: [items, ...spec.shape] }));
        const bytes = Uint8Array.from({ length: unitBytes(rows) }, (_, at) => at % 251);
        const apart = splitItems(rows, bytes);
        const one = unitBytes(itemSpecs(rows));
        for (let item = 0; item < items; item += 1) {
          const unit = splitUnit(itemSpecs(rows), apart.subarray(item * one, (item + 1) * one));
          const wanted = splitUnit(rows, bytes).map(({ data }) => {
            const length = data.length / items;
            return data.subarray(item * length, (item + 1) * length);
          });
          expect(unit.map(({ data }) => data)).toEqual(wanted);
        }
        expect(joinItems(rows, apart)).toEqual(bytes);
      }),
    );
  });

  it('are of whole units alone', () => {
    const rows: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [2, 3] }];
    expect(() => splitItems(rows, new Uint8Array(23))).toThrow(RangeError);
    expect(() => joinItems(rows, new Uint8Array(25))).toThrow(RangeError);
  });
});

describe('unit bytes', () => {
  it('splits and joins any unit without a change', () => {
    fc.assert(
      fc.property(anySpecs, fc.nat(1000), (specs, seed) => {
        const bytes = Uint8Array.from({ length: unitBytes(specs) }, (_, i) => (i * 7 + seed) & 255);
        const tensors = splitUnit(specs, bytes);
        expect(tensors.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
          specs.map(({ dtype, shape }) => ({ dtype, shape })),
        );
        expect(tensors.every(({ data }) => data.buffer === bytes.buffer)).toBe(true);
        expect(concatBytes(...tensors.map(({ data }) => data))).toEqual(bytes);
      }),
    );
  });

  it('finds and replaces exactly the NaNs, at any alignment', () => {
    const word = fc.constantFrom(0x00, 0x01, 0x7c, 0x7e, 0x7f, 0x80, 0xc0, 0xf0, 0xf8, 0xff);
    fc.assert(
      fc.property(
        anySpecs,
        fc.nat(3),
        fc.nat(7),
        fc.infiniteStream(word),
        (...[specs, n, shift, words]) => {
          const length = unitBytes(specs) * n;
          const bytes = new Uint8Array(length + shift).subarray(shift);
          for (let i = 0; i < length; i += 1) bytes[i] = words.next().value ?? 0;
          const expected = bytes.slice();
          const found = canonicalisePlainly(specs, expected);
          expect(hasNan(specs, bytes)).toBe(found);
          expect(canonicaliseNan(specs, bytes)).toBe(found);
          expect(bytes).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reaches past the first part of a long unaligned run', () => {
    const specs: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [50_000] }];
    const bytes = new Uint8Array(200_001).subarray(1);
    bytes.set([1, 0, 0x80, 0xff], 199_996);
    expect(hasNan(specs, bytes)).toBe(true);
    expect(canonicaliseNan(specs, bytes)).toBe(true);
    expect([...bytes.subarray(199_992)]).toEqual([0, 0, 0, 0, 0, 0, 0xc0, 0x7f]);
  });

  it('digests each unit by itself', () => {
    const bytes = Uint8Array.from({ length: 30 }, (_, i) => i);
    const expected = [0, 10, 20].map((start) =>
      createHash('sha256')
        .update(bytes.subarray(start, start + 10))
        .digest('hex'),
    );
    expect(Buffer.from(digestUnits(10, bytes)).toString('hex')).toBe(expected.join(''));
    const specs: TensorSpec[] = [{ name: 'x', dtype: 'u8', shape: [10] }];
    expect(digestUnits(specs, bytes)).toEqual(digestUnits(10, bytes));
  });

  it('says so when the bytes are not whole units', () => {
    const specs: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [2] }];
    expect(() => splitUnit(specs, new Uint8Array(9))).toThrow(RangeError);
    expect(() => digestUnits(specs, new Uint8Array(9))).toThrow(RangeError);
    expect(() => hasNan(specs, new Uint8Array(9))).toThrow(RangeError);
    expect(() => digestUnits(0, new Uint8Array(0))).toThrow(RangeError);
  });
});

describe('mended units', () => {
  const unit = fc.integer({ min: 1, max: 9 }).chain((count) =>
    fc.record({
      specs: anySpecs.map((specs) =>
        specs.map((spec) => ({ ...spec, shape: [count, ...spec.shape.slice(0, 2)] })),
      ),
      items: fc.integer({ min: 1, max: count }),
      failed: fc.uniqueArray(fc.nat(count - 1), { maxLength: count }),
      seed: fc.nat(255),
    }),
  );

  it('keep each good item in its place, and hold good items of the unit and no others', () => {
    fc.assert(
      fc.property(unit, ({ specs, items, failed, seed }) => {
        const bytes = Uint8Array.from(
          { length: unitBytes(specs) },
          (_, at) => (at * 7 + seed) % 256,
        );
        const mended = mendUnit(specs, bytes, { items, failed });
        const good = Array.from({ length: items }, (_, at) => at).filter(
          (at) => !failed.includes(at),
        );
        expect(mended === undefined).toBe(good.length === 0);
        if (mended === undefined) return;
        const [before, after] = [splitItems(specs, bytes), splitItems(specs, mended)];
        const size = unitBytes(itemSpecs(specs));
        const count = specs[0]?.shape[0] ?? 0;
        const itemAt = (of: Uint8Array, at: number) => [...of.slice(at * size, (at + 1) * size)];
        for (let at = 0; at < count; at += 1) {
          const item = Math.min(at, items - 1);
          const source = failed.includes(item) ? (good[0] ?? 0) : item;
          expect(itemAt(after, at)).toEqual(itemAt(before, source));
        }
      }),
    );
  });
});
