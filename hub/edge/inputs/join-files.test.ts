import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { JobOptions } from '#protocol/api/job.ts';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import { encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import type { ModelFacts, ModelInput } from '../../core/models/check.ts';
import { convertInputs } from './convert.ts';

const facts = (...inputs: ModelInput[]): ModelFacts => ({
  ...{ inputs, outputs: [], weightBytes: 1_000, peakBytes: 1_000, opset: 17, ops: [] },
  ...{ movesOut: false, openLoops: false },
});
const x: ModelInput = { name: 'x', dtype: 'f32', dims: ['batch', 'length'], axis: 0 };
const model = facts(x);
const rows = (values: number[][]): Tensor => ({
  dtype: 'f32',
  shape: [values.length, values[0]?.length ?? 0],
  data: new Uint8Array(new Float32Array(values.flat()).buffer),
});
const toText = (text: string) => new TextEncoder().encode(text);
/** Rows as a file of each format. */
const WRITERS = {
  npy: (values: number[][]) => encodeNpy(rows(values)),
  npz: (values: number[][]) => zipSync({ 'x.npy': encodeNpy(rows(values)) }),
  safetensors: (values: number[][]) => encodeSafetensors(new Map([['x', rows(values)]])),
  jsonl: (values: number[][]) => toText(values.map((row) => `${JSON.stringify(row)}\n`).join('')),
};
const formats = Object.entries(WRITERS);
const convert = (
  files: Record<string, Uint8Array>,
  options: Partial<JobOptions> = {},
  asked = model,
) => {
  const list = Object.entries(files).map(([name, bytes]) => ({ name, bytes }));
  return convertInputs(list, asked, options);
};
async function taken(...words: Parameters<typeof convert>) {
  const converted = await convert(...words);
  if (!converted.ok) throw new Error(converted.refusal.message);
  const { names, leftOut, tensors } = converted.value;
  const data = Uint8Array.from(tensors.get('x')?.data ?? []);
  return { names, leftOut, values: [...new Float32Array(data.buffer)] };
}

describe.each(formats)('several %s files', (format, write) => {
  it('are joined in the order they were sent, each item with the name of its file', async () => {
    const files = {
      'b.1': write([[1, 2]]),
      'a.2': write([
        [3, 4],
        [5, 6],
      ]),
    };
    expect(await taken(files)).toEqual({
      ...{ names: ['b.1', 'a.2', 'a.2'], leftOut: [], values: [1, 2, 3, 4, 5, 6] },
    });
  });

  it('are all named where they are bad, and the others are taken where that is asked', async () => {
    const whole = write([[1, 2]]);
    const files = {
      'good.1': whole,
      'cut.2': format === 'jsonl' ? toText('[1, 2') : whole.subarray(0, whole.length - 5),
      'longer.3': write([[1, 2, 3]]),
      'page.4': toText('<html>404</html>'),
      'other.5': format === 'npy' ? WRITERS.npy([[Number.NaN, 1]]) : toText(''),
      'good.6': write([[3, 4]]),
    };
    const bad = ['cut.2', 'longer.3', 'other.5', 'page.4'];
    const refused = await convert(files);
    if (refused.ok) throw new Error('taken');
    expect(refused.refusal.files?.map(({ name }) => name).sort()).toEqual(bad);
    expect(refused.refusal.message).toMatch(/and 3 more bad files.*skipBadFiles the 2 others/);
    const { names, leftOut, values } = await taken(files, { skipBadFiles: true });
    expect([names, values]).toEqual([
      ['good.1', 'good.6'],
      [1, 2, 3, 4],
    ]);
    expect(leftOut.map(({ name }) => name).sort()).toEqual(bad);
    const longer = leftOut.find(({ name }) => name === 'longer.3');
    expect(longer).toMatchObject({
      code: 'input-shape',
      message: expect.stringContaining('x [3], and good.1 of x [2]'),
    });
  });

  it('are refused where none is good, whatever is asked', async () => {
    const files = { 'a.1': toText('<html>'), 'b.2': toText('a,b\n1,2\n') };
    const refused = await convert(files, { skipBadFiles: true });
    expect(refused).toMatchObject({ refusal: { files: [{ name: 'a.1' }, { name: 'b.2' }] } });
  });
});

it('a file beside bad ones is taken without them', async () => {
  const files = { 'notes.txt': toText('Hello there, you'), 'x.npy': WRITERS.npy([[1], [2]]) };
  expect(await taken(files, { skipBadFiles: true })).toMatchObject({
    ...{ names: ['x.npy', 'x.npy'], leftOut: [{ name: 'notes.txt', code: 'input-format' }] },
  });
});

it('an NPY file of several may hold one item as it is', async () => {
  const item = (value: number) => encodeNpy({ ...rows([[value, value]]), shape: [2] });
  const files = { 'a.npy': item(1), 'b.npy': item(2), 'c.npy': WRITERS.npy([[3, 3]]) };
  expect((await taken(files)).values).toEqual([1, 1, 2, 2, 3, 3]);
});

it('the form that most files have is taken, whichever file is first', async () => {
  const { npy } = WRITERS;
  const files = { 'odd.npy': npy([[1, 2, 3]]), 'b.npy': npy([[1, 2]]), 'c.npy': npy([[3, 4]]) };
  expect(await taken(files, { skipBadFiles: true })).toMatchObject({
    ...{ names: ['b.npy', 'c.npy'], leftOut: [{ name: 'odd.npy' }] },
  });
});

it('files that share other values are not joined', async () => {
  const rate: ModelInput = { name: 'sr', dtype: 'f32', dims: [1], axis: undefined };
  const write = (value: number, sr: number) =>
    encodeSafetensors(
      new Map([
        ['x', rows([[value]])],
        ['sr', { ...rows([[sr]]), shape: [1] }],
      ]),
    );
  const asked = facts(x, rate);
  const files = { a: write(1, 8), b: write(2, 8), c: write(3, 16) };
  expect(await taken(files, { skipBadFiles: true }, asked)).toMatchObject({
    ...{ values: [1, 2], leftOut: [{ name: 'c', message: expect.stringContaining('share') }] },
  });
});

it('files that hold one input each belong together, and so do formats', async () => {
  const y: ModelInput = { ...x, name: 'y' };
  const { npy, jsonl } = WRITERS;
  const options = { skipBadFiles: true };
  const files = { 'x.npy': npy([[1]]), 'y.npy': npy([[2]]).subarray(0, 90) };
  expect(await convert(files, options, facts(x, y))).toMatchObject({
    refusal: { files: [{ name: 'y.npy' }] },
  });
  const mixed = await convert({ 'a.npy': npy([[1]]), 'b.jsonl': jsonl([[2]]) }, options);
  expect(mixed).toMatchObject({ refusal: { code: 'input-format', path: 'b.jsonl' } });
});
