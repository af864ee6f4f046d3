import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { describeDecoder } from './decoder.contract.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import { decodeNpz } from './npz.ts';
import type { Dtype } from './tensor.ts';

type Coded = { dtype: Dtype; shape: number[]; data: string };
interface Vectors {
  files: { name: string; version: number; fortran?: boolean; file: string; tensor: Coded }[];
  refused: { descr: string; file: string }[];
  widened: { file: string; tensor: Coded }[];
  archives: { name: string; file: string; tensors: Record<string, Coded> }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/npy.json', import.meta.url), 'utf8'),
);
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const tensorOf = ({ dtype, shape, data }: Coded) => ({ dtype, shape, data: bytesOf(data) });

const withHeader = (literal: string, data: number[] = []) => {
  const text = new TextEncoder().encode(literal);
  const head = [
    0x93,
    ...new TextEncoder().encode('NUMPY'),
    1,
    0,
    text.length & 255,
    text.length >> 8,
  ];
  return new Uint8Array([...head, ...text, ...data]);
};
const headerOf = (shape: string, descr = "'|u1'") =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

describe('NPY', () => {
  it.each(vectors.files)('reads what NumPy wrote: $name, version $version', ({ file, tensor }) => {
    expect(decodeNpy(bytesOf(file))).toEqual({ ok: true, value: tensorOf(tensor) });
  });

  it.each(vectors.files.filter(({ version, fortran }) => version === 1 && fortran !== true))(
    'writes the bytes NumPy writes: $name',
    ({ file, tensor }) => {
      expect(Buffer.from(encodeNpy(tensorOf(tensor))).toString('base64')).toBe(file);
    },
  );

  it.each(vectors.refused)('refuses $descr by name', ({ descr, file }) => {
    const decoded = decodeNpy(bytesOf(file));
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'input-dtype' } });
    expect(decoded.ok || decoded.refusal.message).toMatch(
      new RegExp(`is .?${descr.slice(1, 3)}.*; `),
    );
  });

  it('reads big-endian and unsigned numbers as the dtype that holds them', () => {
    for (const { file, tensor } of vectors.widened) {
      expect(decodeNpy(bytesOf(file))).toEqual({ ok: true, value: tensorOf(tensor) });
    }
  });

  it('tells what an array of no numbers is, and how to save numbers', () => {
    const words = (descr: string) => {
      const decoded = decodeNpy(withHeader(headerOf('(1,)', descr), [0]));
      return decoded.ok ? 'accepted' : decoded.refusal.message;
    };
    expect(words("'|O'")).toMatch(/objects.*pad/);
    expect(words("[('a', '<f4'), ('b', '<i4')]")).toMatch(/fields a, b; .*x\["a"\]/);
    expect(words("'<f16'")).toMatch(/astype/);
  });

  it('reads what other programs write: quotes, order of keys, sizes of Python 2', () => {
    const value = { dtype: 'u8', shape: [2, 1], data: new Uint8Array([7, 8]) };
    for (const literal of [
      "{'descr': '<u1', 'fortran_order': False, 'shape': (2L, 1L), }",
      '{"shape": (2, 1), "descr": "|u1", "fortran_order": False}\n',
      "{'fortran_order':True,'descr':'u1','shape':(2,1)}",
    ]) {
      expect(decodeNpy(withHeader(literal, [7, 8]))).toEqual({ ok: true, value });
    }
    const truth = decodeNpy(withHeader(headerOf('(2,)', "'?'"), [0, 1]));
    expect(truth).toMatchObject({ ok: true, value: { dtype: 'bool' } });
  });

  it('says that several arrays came in one file', () => {
    const one = [...withHeader(headerOf('(1,)'), [1])];
    const decoded = decodeNpy(Uint8Array.from([...one, ...one]));
    expect(decoded.ok || decoded.refusal.message).toMatch(/several arrays/);
  });

  it('refuses whole numbers past 2^63', () => {
    const file = withHeader(headerOf('(1,)', "'<u8'"), Array(8).fill(255));
    expect(decodeNpy(file)).toMatchObject({ ok: false, refusal: { code: 'input-dtype' } });
  });

  it.each([
    ['another magic', new Uint8Array(80)],
    ['another version', withHeader(headerOf('(1,)'), [1]).with(6, 4)],
    ['a header past the end', withHeader(headerOf('(1,)')).with(9, 255)],
    ['no shape', withHeader("{'descr': '|u1', 'fortran_order': False}")],
    ['too little data', withHeader(headerOf('(3,)'), [1, 2])],
    ['too much data', withHeader(headerOf('(1,)'), [1, 2])],
    ['a shape past all numbers', withHeader(headerOf(`(${'9'.repeat(400)}, 0)`), [])],
    ['a shape of words', withHeader(headerOf('(1 2,)'), [1, 2])],
  ])('refuses %s', (_, file) => {
    expect(decodeNpy(file)).toMatchObject({ ok: false, refusal: { code: 'input-format' } });
  });

  it('refuses nine dimensions', () => {
    const file = withHeader(headerOf('(1,1,1,1,1,1,1,1,1)'), [1]);
    expect(decodeNpy(file)).toMatchObject({ ok: false, refusal: { code: 'input-shape' } });
  });

  it('says so when bytes to write do not fit the shape', () => {
    expect(() => encodeNpy({ dtype: 'f32', shape: [2], data: new Uint8Array(7) })).toThrow(
      RangeError,
    );
  });

  describeDecoder(
    'NPY',
    decodeNpy,
    [...vectors.files, ...vectors.widened].map(({ file }) => bytesOf(file)),
  );
});

describe('NPZ', () => {
  it.each(vectors.archives)('reads what numpy.$name wrote', ({ file, tensors }) => {
    const expected = new Map(
      Object.entries(tensors).map(([name, coded]) => [name, tensorOf(coded)]),
    );
    expect(decodeNpz(bytesOf(file))).toEqual({ ok: true, value: expected });
  });

  it('unpacks nothing past its limits', () => {
    const bomb = zipSync({ 'x.npy': new Uint8Array(5_000_000) });
    expect(bomb.length).toBeLessThan(10_000);
    const limits = { bytesMax: 1_000_000, arraysMax: 2 };
    expect(decodeNpz(bomb, limits)).toMatchObject({
      ok: false,
      refusal: { code: 'input-too-big' },
    });
    const many = zipSync(
      Object.fromEntries(['a', 'b', 'c'].map((n) => [`${n}.npy`, new Uint8Array()])),
    );
    expect(decodeNpz(many, limits)).toMatchObject({
      ok: false,
      refusal: { code: 'input-too-big' },
    });
  });

  it('names the file or the array that is wrong', () => {
    const notNpy = zipSync({ 'notes.txt': new Uint8Array(1) });
    expect(decodeNpz(notNpy)).toMatchObject({ ok: false, refusal: { code: 'input-format' } });
    const broken = zipSync({ 'x.npy': new Uint8Array(20) });
    expect(decodeNpz(broken)).toMatchObject({ ok: false, refusal: { path: 'x' } });
  });

  describeDecoder(
    'NPZ',
    (bytes) => decodeNpz(bytes, { bytesMax: 1_000_000, arraysMax: 50 }),
    vectors.archives.map(({ file }) => bytesOf(file)),
  );
});
