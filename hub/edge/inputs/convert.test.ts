import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { JobOptions } from '#protocol/api/job.ts';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import { encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Dtype, Tensor } from '#protocol/tensors/tensor.ts';
import type { ModelFacts, ModelInput } from '../../core/models/check.ts';
import { convertInputs } from './convert.ts';
import type { InputFile } from './port.ts';

const facts = (...inputs: ModelInput[]): ModelFacts => ({
  inputs,
  outputs: [],
  weightBytes: 1_000,
  peakBytes: 1_000,
  opset: 17,
  ops: [],
  movesOut: false,
  openLoops: false,
});
const input = (name: string, dtype: Dtype, ...dims: (number | string)[]): ModelInput => ({
  name,
  dtype,
  dims: ['batch', ...dims],
  axis: 0,
});
const floats = (shape: number[], values: number[]): Tensor => ({
  dtype: 'f32',
  shape,
  data: new Uint8Array(new Float32Array(values).buffer),
});
const pixels = facts(input('pixels', 'f32', 2));
const two = floats([3, 2], [1, 2, 3, 4, 5, 6]);
const text = (name: string, content: string): InputFile => ({
  name,
  bytes: new TextEncoder().encode(content),
});
const npy = (name: string, tensor: Tensor): InputFile => ({ name, bytes: encodeNpy(tensor) });

async function accepted(files: InputFile[], model: ModelFacts, options: Partial<JobOptions> = {}) {
  const result = await convertInputs(files, model, options);
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.message}`);
  return result.value;
}
async function refused(files: InputFile[], model: ModelFacts, options: Partial<JobOptions> = {}) {
  const result = await convertInputs(files, model, options);
  return result.ok ? 'accepted' : result.refusal.code;
}
const list = (tensor: Tensor | undefined) =>
  Array.from(new Float32Array(tensor === undefined ? [] : tensor.data.slice().buffer));

describe('convertInputs', () => {
  it('puts the items of every layout first, and in lines takes one item as it is', async () => {
    const x = input('x', 'f32', 1);
    const state: ModelInput = { name: 'state', dtype: 'f32', dims: [2, 'batch', 1], axis: 1 };
    const model = facts(x, state);
    const rows = floats([3, 1], [1, 2, 3]);
    const items = [10, 11, 20, 21, 30, 31];
    const layouts: [number[], number[]][] = [
      [[3, 2, 1], items],
      [[3, 2, 1, 1], items],
      [
        [2, 3, 1],
        [10, 20, 30, 11, 21, 31],
      ],
    ];
    for (const [shape, values] of layouts) {
      const file = encodeSafetensors(
        new Map([
          ['x', rows],
          ['state', floats(shape, values)],
        ]),
      );
      const converted = await accepted([{ name: 'a', bytes: file }], model);
      expect(list(converted.tensors.get('state'))).toEqual(items);
      expect(converted).toMatchObject({ items: 3, unitItems: 1, single: true, apart: 'state' });
    }
    const lines = '{"x": [1], "state": [[10], [11]]}\n{"x": [2], "state": [[20], [21]]}';
    const converted = await accepted([text('a.jsonl', lines)], model);
    expect(list(converted.tensors.get('state'))).toEqual([10, 11, 20, 21]);
    expect(converted.specs).toMatchObject([{ shape: [1, 1] }, { shape: [2, 1, 1] }]);
  });

  it('says how to share what lines lack', async () => {
    const rate: ModelInput = { name: 'sr', dtype: 'f32', dims: [], axis: undefined };
    const model = facts(input('pixels', 'f32', 2), rate);
    const lines = [text('a.jsonl', '{"pixels": [1, 2]}\n{"pixels": [3, 4]}')];
    const result = await convertInputs(lines, model, {});
    expect(result).toMatchObject({
      refusal: { message: expect.stringContaining('"shared": {"sr": 16000}') },
    });
    const each = [text('a.jsonl', '{"pixels": [1, 2], "sr": 7}\n{"pixels": [3, 4], "sr": 8}')];
    const converted = await accepted(each, model);
    expect(list(converted.tensors.get('sr'))).toEqual([7, 8]);
  });

  it('keeps apart what all items share', async () => {
    const rate: ModelInput = { name: 'sr', dtype: 'f32', dims: [], axis: undefined };
    const file = encodeSafetensors(
      new Map([
        ['pixels', two],
        ['sr', floats([], [7])],
      ]),
    );
    const converted = await accepted(
      [{ name: 'a', bytes: file }],
      facts(input('pixels', 'f32', 2), rate),
    );
    expect([...converted.tensors.keys()]).toEqual(['pixels']);
    expect(list(converted.shared.get('sr'))).toEqual([7]);
  });

  it('reads the same tensor from every format, whatever the file is called', async () => {
    const files = [
      { name: 'a.bin', bytes: encodeSafetensors(new Map([['pixels', two]])) },
      npy('b.dat', two),
      { name: 'c', bytes: zipSync({ 'arr_0.npy': encodeNpy(two) }) },
      text('d.txt', '{"pixels": [1, 2]}\n{"pixels": [3, 4]}\n\n{"pixels": [5, 6]}\n'),
      text('e.jsonl', '\ufeff[1, 2]\n[3, 4]\n[5, 6]'),
    ];
    for (const file of files) {
      const converted = await accepted([file], pixels, { unitItems: 2 });
      expect(converted.items).toBe(3);
      expect(converted.specs).toEqual([{ name: 'pixels', dtype: 'f32', shape: [2, 2] }]);
      expect(list(converted.tensors.get('pixels'))).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('takes numbers without brackets where items are numbers', async () => {
    const model = facts(input('x', 'f32'));
    const converted = await accepted([text('x.jsonl', '1\n2.5\n')], model);
    expect(list(converted.tensors.get('x'))).toEqual([1, 2.5]);
  });

  it('takes one NPY file for each input, in the order of the model', async () => {
    const model = facts(input('b', 'f32', 2), input('a', 'f32', 1));
    const one = floats([3, 1], [7, 8, 9]);
    const converted = await accepted([npy('up/a.npy', one), npy('b.npy', two)], model);
    expect([...converted.tensors.keys()]).toEqual(['b', 'a']);
    expect(list(converted.tensors.get('a'))).toEqual([7, 8, 9]);
    expect(await refused([npy('a.npy', one), npy('x/a.npy', one)], model)).toBe('input-name');
    expect(await refused([npy('a.npy', one), npy('c.npy', two)], model)).toBe('input-name');
  });

  it('names the file of a refusal, and each bad one of several', async () => {
    const one = await convertInputs([text('rows.jsonl', '[1, 2]\n[1]')], pixels, {});
    expect(one).toMatchObject({
      refusal: { path: 'line 2: pixels', files: [{ name: 'rows.jsonl' }] },
    });
    const model = facts(input('a', 'f32', 2), input('b', 'f32', 2), input('c', 'f32', 2));
    const half = (name: string) => ({ name, bytes: encodeNpy(two).subarray(0, 100) });
    const several = await convertInputs(
      [half('a.npy'), npy('b.npy', two), half('c.npy')],
      model,
      {},
    );
    expect(several).toMatchObject({ refusal: { files: [{ name: 'a.npy' }, { name: 'c.npy' }] } });
    const kinds = [text('a.csv', 'x,y\n1,2\n'), text('b.html', '<html></html>')];
    const foreign = await convertInputs(kinds, pixels, {});
    expect(foreign).toMatchObject({ refusal: { files: [{ name: 'a.csv' }, { name: 'b.html' }] } });
  });

  it('reads whole numbers of JSON as the integers the model wants', async () => {
    const model = facts(input('ids', 'i64', 'length'), input('mask', 'i32', 'length'));
    const lines =
      '{"ids":[1,"9007199254740993",-1],"mask":[1,1,0]}\n{"ids":[4,5,6],"mask":[1,0,0]}';
    const { specs, tensors } = await accepted([text('t.jsonl', lines)], model, { unitItems: 1 });
    expect(specs.map((spec) => spec.shape)).toEqual([
      [1, 3],
      [1, 3],
    ]);
    const ids = new BigInt64Array((tensors.get('ids')?.data ?? new Uint8Array()).slice().buffer);
    expect([...ids]).toEqual([1n, 9007199254740993n, -1n, 4n, 5n, 6n]);
    const ragged = '{"ids":[1,2],"mask":[1,1]}\n{"ids":[1],"mask":[1]}';
    expect(await refused([text('t.jsonl', ragged)], model)).toBe('input-shape');
    const half = '{"ids":[1.5],"mask":[1]}';
    expect(await refused([text('t.jsonl', half)], model)).toBe('input-dtype');
  });

  it('casts what stays the same, and names the first number that does not', async () => {
    const wide = (values: number[]) =>
      npy('pixels.npy', {
        dtype: 'f64',
        shape: [1, 2],
        data: new Uint8Array(new Float64Array(values).buffer),
      });
    const { tensors } = await accepted([wide([0.5, -3])], pixels);
    expect(list(tensors.get('pixels'))).toEqual([0.5, -3]);
    const bytes: Tensor = { dtype: 'u8', shape: [1, 2], data: new Uint8Array([0, 255]) };
    const cast = await accepted([npy('pixels.npy', bytes)], pixels);
    expect(list(cast.tensors.get('pixels'))).toEqual([0, 255]);
    const result = await convertInputs([wide([1, 0.1])], pixels, {});
    expect(result).toMatchObject({ refusal: { code: 'input-dtype', path: 'pixels' } });
    const words = /takes f32 .* f64, whose value 0.1 .*astype\("float32"\)/;
    expect(result).toMatchObject({ refusal: { message: expect.stringMatching(words) } });
  });

  it('refuses NaN unless it is allowed, and says in which item', async () => {
    const file = npy('pixels.npy', floats([3, 2], [1, 2, 3, 4, Number.NaN, 6]));
    const result = await convertInputs([file], pixels, {});
    expect(result).toMatchObject({ refusal: { code: 'input-nan', path: 'pixels' } });
    expect(result).toMatchObject({ refusal: { message: expect.stringContaining('item 2') } });
    expect((await accepted([file], pixels, { allowNan: true })).items).toBe(3);
  });

  it('refuses zero rows, in every format', async () => {
    const none = floats([0, 2], []);
    expect(await refused([], pixels)).toBe('input-empty');
    expect(await refused([npy('pixels.npy', none)], pixels)).toBe('input-empty');
    expect(await refused([text('empty.jsonl', '')], pixels)).toBe('input-empty');
    expect(await refused([text('blank.jsonl', '\n \n')], pixels)).toBe('input-empty');
    const file = { name: 'a.safetensors', bytes: encodeSafetensors(new Map([['pixels', none]])) };
    expect(await refused([file], pixels)).toBe('input-empty');
  });

  it('refuses shapes and names that do not fit the model', async () => {
    expect(await refused([npy('pixels.npy', floats([1, 3], [1, 2, 3]))], pixels)).toBe(
      'input-shape',
    );
    expect(await refused([npy('pixels.npy', floats([2], [1, 2]))], pixels)).toBe('input-shape');
    const named = {
      name: 'a',
      bytes: encodeSafetensors(
        new Map([
          ['x', two],
          ['y', two],
        ]),
      ),
    };
    expect(await refused([named], pixels)).toBe('model-inputs-mismatch');
    expect(await refused([text('a.jsonl', '{"pixel": [1, 2]}')], pixels)).toBe('input-name');
  });

  it('refuses what is no input, and mixtures', async () => {
    const webp = { name: 'a.webp', bytes: new TextEncoder().encode('RIFF....WEBPVP8 ') };
    expect(await refused([webp], pixels)).toBe('input-format');
    const drawing = text('a.png', '<svg xmlns="http://www.w3.org/2000/svg" width="64"/>');
    const result = await convertInputs([drawing], facts(input('x', 'f32', 3, 8, 8)), {});
    expect(result).toMatchObject({ refusal: { code: 'input-format', path: 'a.png' } });
    expect(result).toMatchObject({ refusal: { message: expect.stringContaining('SVG') } });
    expect(await refused([text('a.jsonl', 'hello')], pixels)).toBe('input-format');
    expect(await refused([text('a.safetensors', 'hello')], pixels)).toBe('input-format');
    const lines = text('a.jsonl', '[1, 2]');
    expect(await refused([lines, npy('pixels.npy', two)], pixels)).toBe('input-format');
    const broken = encodeNpy(two).subarray(0, 100);
    expect(await refused([{ name: 'pixels.npy', bytes: broken }], pixels)).toBe('input-format');
  });
});
