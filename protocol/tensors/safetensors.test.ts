import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeDecoder } from './decoder.contract.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import type { Dtype, Tensor } from './tensor.ts';

interface Vectors {
  files: {
    name: string;
    file: string;
    metadata: Record<string, string>;
    hasMetadata: boolean;
    tensors: Record<string, { dtype: Dtype; shape: number[]; data: string }>;
  }[];
  refused: { dtype: string; file: string }[];
  widened: { file: string; tensor: { dtype: Dtype; shape: number[]; data: string } }[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/safetensors.json', import.meta.url), 'utf8'),
);
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

const fileOf = (header: string, data: number[] = []) => {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
};
const entry = (start: number, end: number, shape = [end - start]) =>
  JSON.stringify({ dtype: 'U8', shape, data_offsets: [start, end] });

describe('safetensors', () => {
  it.each(vectors.files)(
    'reads what the Python library wrote: $name',
    ({ file, metadata, tensors }) => {
      const decoded = decodeSafetensors(bytesOf(file));
      if (!decoded.ok) throw new Error(decoded.refusal.message);
      expect(decoded.value.metadata).toEqual(metadata);
      expect([...decoded.value.tensors.keys()].toSorted()).toEqual(Object.keys(tensors).toSorted());
      for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
        const tensor = decoded.value.tensors.get(name);
        expect(tensor).toMatchObject({ dtype, shape });
        expect(Buffer.from(tensor?.data ?? []).toString('base64')).toBe(data);
      }
    },
  );

  it.each(vectors.files)('writes the bytes the Python library writes: $name', (vector) => {
    const tensors = new Map<string, Tensor>(
      Object.entries(vector.tensors).map(([name, tensor]) => [
        name,
        { ...tensor, data: bytesOf(tensor.data) },
      ]),
    );
    // The order of metadata keys is a hash map's there, so files with several are read back
    // instead.
    const several = Object.keys(vector.metadata).length > 1;
    const file = encodeSafetensors(tensors, vector.hasMetadata ? vector.metadata : undefined);
    if (!several) expect(Buffer.from(file).toString('base64')).toBe(vector.file);
    const decoded = decodeSafetensors(file);
    expect(decoded).toMatchObject({ ok: true, value: { metadata: vector.metadata, tensors } });
    expect(decodeSafetensors(encodeSafetensors(Object.fromEntries(tensors)))).toMatchObject({
      ok: true,
      value: { tensors },
    });
  });

  it.each(vectors.refused)('refuses $dtype by name', ({ dtype, file }) => {
    const decoded = decodeSafetensors(bytesOf(file));
    expect(decoded).toMatchObject({ ok: false, refusal: { code: 'input-dtype', path: 'x' } });
    expect(decoded.ok || decoded.refusal.message).toContain(`${dtype}; convert it to one of F64`);
  });

  it('reads unsigned, bfloat16 and 8-bit numbers as the dtype that holds them', () => {
    for (const { file, tensor } of vectors.widened) {
      const decoded = decodeSafetensors(bytesOf(file));
      const found = decoded.ok ? decoded.value.tensors.get('x') : undefined;
      expect({ ...found, data: Buffer.from(found?.data ?? []).toString('base64') }).toEqual(tensor);
    }
    const nan = '{"x":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}';
    const decoded = decodeSafetensors(fileOf(nan, [0x7f, 0xff]));
    const { data = new Uint8Array() } = (decoded.ok && decoded.value.tensors.get('x')) || {};
    expect([...new Float32Array(data.slice().buffer)]).toEqual([Number.NaN, Number.NaN]);
  });

  it('reads tensors at any place: headers of other writers are not filled up', () => {
    const header = '{"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},"a":';
    const bytes = [1, 0, 0, 0x80, 0x3f];
    const file = fileOf(`${header}${entry(0, 1)}}`, bytes);
    const decoded = decodeSafetensors(file);
    expect(decoded.ok && [...(decoded.value.tensors.get('b')?.data ?? [])]).toEqual(bytes.slice(1));
  });

  it.each([
    ['a length past the file', new Uint8Array([100, 0, 0, 0, 0, 0, 0, 0, 123, 125])],
    ['a length past our limit', new Uint8Array([0, 0, 0, 0, 1, 0, 0, 0, 123, 125])],
    ['a length past 2^63', new Uint8Array(Array(16).fill(255))],
    ['a header that is not JSON', fileOf('{"x":')],
    ['a header that is a list', fileOf('[]')],
    ['a header that starts with a space', fileOf(' {}')],
    ['a hole', fileOf(`{"a":${entry(0, 1)},"b":${entry(2, 3)}}`, [1, 2, 3])],
    ['an overlap', fileOf(`{"a":${entry(0, 2)},"b":${entry(1, 3)}}`, [1, 2, 3])],
    ['bytes at the end', fileOf(`{"a":${entry(0, 2)}}`, [1, 2, 3])],
    ['bytes at the start', fileOf(`{"a":${entry(1, 3)}}`, [1, 2, 3])],
    ['data that ends early', fileOf(`{"a":${entry(0, 4)}}`, [1, 2, 3])],
    ['offsets that run backwards', fileOf(`{"a":${entry(3, 0, [0])}}`, [1, 2, 3])],
    ['a shape that does not fit', fileOf(`{"a":${entry(0, 3, [2])}}`, [1, 2, 3])],
    ['an enormous shape', fileOf(`{"a":${entry(0, 3, Array(8).fill(2 ** 53 - 1))}}`, [1, 2, 3])],
    ['nine dimensions', fileOf(`{"a":${entry(0, 3, Array(9).fill(1))}}`, [1, 2, 3])],
    ['a negative dimension', fileOf(`{"a":${entry(0, 3, [-3])}}`, [1, 2, 3])],
    ['an extra field', fileOf('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"z":1}}')],
    ['metadata that is not text', fileOf('{"__metadata__":{"a":1}}')],
  ])('refuses %s', (_, file) => {
    expect(decodeSafetensors(file)).toMatchObject({
      ok: false,
      refusal: { code: 'input-format' },
    });
  });

  it('says so when a tensor to write does not fit its shape', () => {
    const data = new Uint8Array(3);
    expect(() => encodeSafetensors({ x: { dtype: 'f32', shape: [1], data } })).toThrow(RangeError);
    const named = { __metadata__: { dtype: 'u8' as const, shape: [3], data } };
    expect(() => encodeSafetensors(named)).toThrow(RangeError);
  });

  describeDecoder(
    'safetensors',
    decodeSafetensors,
    [...vectors.files, ...vectors.widened].map(({ file }) => bytesOf(file)),
  );
});
