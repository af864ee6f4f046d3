import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHalf, encodeHalf } from '../bytes/float16.ts';
import { describeDecoder } from './decoder.contract.ts';
import { readNumber } from './element.ts';
import { DTYPE_BYTES, type Dtype, specBytes, type TensorSpec } from './tensor.ts';
import { decodeTensorLines, encodeTensorLines, type LineSpec } from './tensor-lines.ts';
import { canonicaliseNan } from './unit-bytes.ts';

const halves: { value: string; bits: number }[] = JSON.parse(
  readFileSync(new URL('../vectors/float16.json', import.meta.url), 'utf8'),
);
const spec = (name: string, dtype: Dtype, shape: number[]): TensorSpec => ({ name, dtype, shape });
const grid = spec('x', 'f32', [2, 2]);
const floatsOf = (bytes: Uint8Array | undefined) => [
  ...new Float32Array((bytes ?? new Uint8Array()).slice().buffer),
];

describe('half precision', () => {
  it('rounds as NumPy does', () => {
    for (const { value, bits } of halves) {
      expect(encodeHalf(Buffer.from(value, 'hex').readDoubleBE(0)), value).toBe(bits);
    }
  });

  it('reads back all 65,536 bit patterns', () => {
    const wrong = Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => {
      const isNan = (bits & 0x7fff) > 0x7c00;
      return encodeHalf(decodeHalf(bits)) !== (isNan ? 0x7e00 : bits);
    });
    expect(wrong).toEqual([]);
  });
});

describe('tensor lines', () => {
  it('stacks bare arrays of the one input, and skips empty lines', () => {
    const decoded = decodeTensorLines([grid], '[[1,2],[3,4]]\n\n  \r\n[[5,6],[7,8.5]]');
    if (!decoded.ok) throw new Error(decoded.refusal.message);
    expect(decoded.value.items).toBe(2);
    const tensor = decoded.value.tensors.get('x');
    expect(tensor).toMatchObject({ dtype: 'f32', shape: [2, 2, 2] });
    expect(floatsOf(tensor?.data)).toEqual([1, 2, 3, 4, 5, 6, 7, 8.5]);
  });

  it('takes several inputs by name, in any order', () => {
    const specs = [spec('ids', 'i64', [2]), spec('scale', 'f32', []), spec('on', 'bool', [1])];
    const text = new TextEncoder().encode(
      '{"on":[true],"scale":0.5,"ids":["-9223372036854775808",7]}',
    );
    const decoded = decodeTensorLines(specs, text);
    if (!decoded.ok) throw new Error(decoded.refusal.message);
    expect([...decoded.value.tensors.keys()]).toEqual(['ids', 'scale', 'on']);
    expect(encodeTensorLines(decoded.value.tensors)).toBe(
      '{"ids":["-9223372036854775808",7],"scale":0.5,"on":[true]}\n',
    );
  });

  type Case = [name: string, specs: TensorSpec[], text: string, code: string, path?: string];
  const refused: Case[] = [
    ['no items', [grid], '\n \n', 'input-empty'],
    ['a line that is not JSON', [grid], '[[1,2],[3,4]]\n[[1,2],', 'input-format', 'line 2'],
    ['a wrong length', [grid], '[[1,2],[3]]', 'input-shape', 'line 1: x[1]'],
    ['too many values', [grid], '[[1,2,3],[3,4]]', 'input-shape', 'line 1: x[0]'],
    ['too few dimensions', [grid], '[1,2]', 'input-shape', 'line 1: x[0]'],
    ['too many dimensions', [grid], '[[[1],2],[3,4]]\n[]', 'input-shape', 'line 1: x[0]'],
    ['a string', [grid], '[["a",2],[3,4]]', 'input-dtype', 'line 1: x[0]'],
    ['null', [grid], '[[null,2],[3,4]]', 'input-dtype', 'line 1: x[0]'],
    ['a number past float32', [grid], '[[1e39,2],[3,4]]', 'input-dtype', 'line 1: x[0]'],
    ['a fraction for an integer', [spec('i', 'i32', [])], '1.5', 'input-dtype', 'line 1: i'],
    ['an integer past its dtype', [spec('i', 'u8', [])], '1\n256', 'input-dtype', 'line 2: i'],
    ['a number past all doubles', [grid], '[[1e999,2],[3,4]]', 'input-dtype', 'line 1: x[0]'],
    ['an array in an array', [grid], '[[[1,2],[3]]]', 'input-shape', 'item 1: x[1]'],
    ['a bool of 2', [spec('b', 'bool', [])], '2', 'input-dtype', 'line 1: b'],
    ['an unknown name', [grid], '{"x":[[1,2],[3,4]],"y":1}', 'input-name', 'line 1'],
    ['a missing name', [grid, spec('y', 'f32', [])], '{"y":1}', 'input-name', 'line 1'],
    ['a bare array for two inputs', [grid, spec('y', 'f32', [])], '[1]', 'input-name', 'line 1'],
  ];
  it.each(refused)('refuses %s and says where', (...[, specs, text, code, path]) => {
    const decoded = decodeTensorLines(specs, text);
    expect(decoded).toMatchObject({ ok: false, refusal: { code } });
    expect(decoded.ok || decoded.refusal.path).toBe(path);
  });

  const read = (specs: LineSpec[], text: string) => {
    const decoded = decodeTensorLines(specs, text);
    if (!decoded.ok) return decoded.refusal.message;
    return [...decoded.value.tensors.values()].map(({ dtype, shape, data }) => {
      const view = new DataView(data.buffer, data.byteOffset, data.length);
      const count = data.length / DTYPE_BYTES[dtype];
      return [shape, Array.from({ length: count }, (_, index) => readNumber(dtype, view, index))];
    });
  };

  it('reads NaN and infinity as Python and C write them, and leaves names alone', () => {
    const x = spec('Inf, NaN', 'f64', [4]);
    const text = '{"Inf, NaN": [NaN, -Infinity, nan, 0.1234567890123456]}';
    expect(read([x], text)).toEqual([
      [
        [1, 4],
        [Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN, 0.1234567890123456],
      ],
    ]);
  });

  it('reads whole numbers past 2^53 to the last digit', () => {
    const specs = [spec('i', 'i64', [2]), spec('x', 'f32', [])];
    const text = '{"i":[9007199254740993,-9223372036854775808],"x":100000000000000000000}';
    expect(read(specs, text)).toEqual([
      [
        [1, 2],
        [9007199254740993n, -9223372036854775808n],
      ],
      [[1], [1e20].map(Math.fround)],
    ]);
  });

  it('reads one array of all items, however it is laid out, and one item over many lines', () => {
    const x = spec('x', 'u8', [2]);
    const two = [
      [
        [2, 2],
        [1, 2, 3, 4],
      ],
    ];
    for (const text of [
      '[[1,2],[3,4]]',
      '[\r\n  [1, 2],\r\n  [3, 4]\r\n]\r\n',
      '[{"x":[1,2]},{"x":[3,4]}]',
      '[\n{"x":[1,2]},\n{"x":[3,4]}\n]',
      '{"x":[1,2]}\r\n{"x":[3,4]}\r\n',
    ]) {
      expect(read([x], text)).toEqual(two);
    }
    expect(read([x], '{\n"x":[1,\n2]}')).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
    ]);
    expect(read([grid], '[[1,2],[3,4]]')).toEqual([
      [
        [1, 2, 2],
        [1, 2, 3, 4],
      ],
    ]);
  });

  it('measures a length that is text by the first item, and says which line differs', () => {
    const ids = { name: 'ids', dtype: 'i32', shape: ['length'] } as const;
    expect(read([ids], '[5,6,7]\n[1,2,3]')).toEqual([
      [
        [2, 3],
        [5, 6, 7, 1, 2, 3],
      ],
    ]);
    expect(read([ids], '[5,6,7]\n[5,6]')).toMatch(/line 2: ids has 2 .* first has 3: .*Pad/);
  });

  it('says what it found in place of a number', () => {
    expect(read([grid], '[["1.5",2],[3,4]]\n')).toMatch(/got the text "1.5"; .*without quotes/);
    expect(read([grid], '[[null,2],[3,4]]\n')).toMatch(/got null/);
    expect(read([spec('i', 'i32', [])], '1.5')).toMatch(/whole number for i32, got 1.5/);
    expect(read([grid], "{'x': [[1,2],[3,4]]}")).toMatch(/line 1 .*json\.dumps/);
    expect(read([grid], '[[1,2],[3,4],]\n')).toMatch(/comma/);
    expect(read([grid], '1,2,3,4')).toMatch(/as an array/);
  });

  it('refuses text that is not UTF-8', () => {
    const decoded = decodeTensorLines([grid], new Uint8Array([0xff, 0x20]));
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'input-format' } });
  });

  it('reads UTF-16 in both orders, by the mark in front', () => {
    const text = '\ufeff[[1,2],[3,4]]\r\n';
    const little = Uint8Array.from(Buffer.from(text, 'utf16le'));
    const big = Uint8Array.from(Buffer.from(text, 'utf16le').swap16());
    const decode = (bytes: Uint8Array) => {
      const decoded = decodeTensorLines([spec('x', 'u8', [2, 2])], bytes);
      return decoded.ok && [...(decoded.value.tensors.get('x')?.data ?? [])];
    };
    expect([little, big].map(decode)).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  });

  it('reserves nothing for a shape whose numbers never come', () => {
    const huge = spec('x', 'f64', [2 ** 40, 2 ** 10]);
    const decoded = decodeTensorLines([huge], '[[1,2]]');
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'input-shape' } });
  });

  it('reads back the bits of every dtype', () => {
    const dtypes: Dtype[] = ['f64', 'f32', 'f16', 'i64', 'i32', 'i16', 'i8', 'u8', 'bool'];
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
    const byte = fc.infiniteStream(fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...dtypes),
        shapes,
        fc.integer({ min: 1, max: 4 }),
        byte,
        (...all) => {
          const [dtype, itemShape, items, source] = all;
          const itemSpec = spec('x', dtype, itemShape);
          const shape = [items, ...itemShape];
          const data = new Uint8Array(specBytes({ dtype, shape }));
          for (let i = 0; i < data.length; i += 1) data[i] = source.next().value ?? 0;
          if (dtype === 'bool') data.set(data.map((value) => value & 1));
          canonicaliseNan([{ ...itemSpec, shape }], data);
          const decoded = decodeTensorLines(
            [itemSpec],
            encodeTensorLines(new Map([['x', { dtype, shape, data }]])),
          );
          expect(decoded).toEqual({
            ok: true,
            value: { items, tensors: new Map([['x', { dtype, shape, data }]]) },
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('prints floats in few digits', () => {
    const data = new Uint8Array(new Float32Array([0.1, -0, 1 / 3, Number.NaN, 16777216]).buffer);
    const printed = encodeTensorLines(new Map([['y', { dtype: 'f32', shape: [1, 5], data }]]));
    expect(printed).toBe('{"y":[0.1,-0,0.33333334,"NaN",16777216]}\n');
  });

  it('says so when tensors to write disagree', () => {
    const one = { dtype: 'u8' as const, shape: [1], data: new Uint8Array(1) };
    const two = { dtype: 'u8' as const, shape: [2], data: new Uint8Array(2) };
    expect(() =>
      encodeTensorLines(
        new Map([
          ['a', one],
          ['b', two],
        ]),
      ),
    ).toThrow(RangeError);
    expect(() => encodeTensorLines(new Map([['a', { ...one, shape: [] }]]))).toThrow(RangeError);
    expect(() => encodeTensorLines(new Map([['a', { ...one, shape: [3] }]]))).toThrow(RangeError);
  });

  const sample = '{"x":[[1,2],[3,-4.5e0]],"y":1}\n{"x":[["NaN",2],[3,4]],"y":-1}\n';
  describeDecoder('JSON Lines', (bytes) => decodeTensorLines([grid, spec('y', 'i8', [])], bytes), [
    new TextEncoder().encode(sample),
  ]);
});
