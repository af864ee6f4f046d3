import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { digest } from '#protocol/bytes/digest.ts';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import type { Dtype } from '#protocol/tensors/tensor.ts';
import type { Root } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import { makeInputs } from './add-inputs.ts';

const folder = openTestFolder();
const specs = [{ name: 'x', dtype: 'f32' as Dtype, shape: [1, 2] }];

/** What one file becomes, and the bytes that are kept of it. */
async function add(name: string, content: Uint8Array | string) {
  const path = join(folder, 'inputs');
  await writeFile(path, content);
  const kept: Uint8Array[] = [];
  const put = async (blob: Uint8Array | AsyncIterable<Uint8Array>) => {
    if (!(blob instanceof Uint8Array)) throw new TypeError('units are bytes');
    kept.push(blob);
    return accept({ root: digest(blob) as string as Root, length: bytes(blob.length) });
  };
  const entries = [{ name, length: Buffer.byteLength(content) }];
  const added = await makeInputs({ specs, inputs: { path, entries } }, { put });
  return { added, kept };
}
const numbers = (...values: number[]) => Float32Array.from(values);
const npy = (shape: number[], values: Float32Array) =>
  encodeNpy({ dtype: 'f32', shape, data: new Uint8Array(values.buffer) });

it('tensors become units of one item each', async () => {
  const { added, kept } = await add('x.npy', npy([3, 2], numbers(1, 2, 3, 4, 5, 6)));
  expect(added).toMatchObject({ units: 3, inputs: { length: 24 } });
  expect(added.digests).toHaveLength(3 * 32);
  expect(kept).toEqual([new Uint8Array(numbers(1, 2, 3, 4, 5, 6).buffer)]);
  expect(digest(new Uint8Array(numbers(3, 4).buffer))).toBe(
    Buffer.from(added.digests.subarray(32, 64)).toString('hex'),
  );
});

it('lines of JSON are taken as when a job is posted', async () => {
  const { kept } = await add('x.jsonl', '{"x":[1,2]}\n{"x":[3,4]}\n');
  expect(kept).toEqual([new Uint8Array(numbers(1, 2, 3, 4).buffer)]);
});

it('items of another shape are refused with the shape of the job', async () => {
  const wider = add('x.npy', npy([1, 3], numbers(1, 2, 3)));
  await expect(wider).rejects.toMatchObject({
    refusal: { code: 'input-shape', message: expect.stringContaining('[items, 2]') },
  });
});

it('NaN, files of another kind and pictures are refused by name', async () => {
  const codeOf = (adding: Promise<unknown>) =>
    adding.catch(({ refusal }: { refusal: { code: string } }) => refusal.code);
  expect(await codeOf(add('x.npy', npy([1, 2], numbers(1, Number.NaN))))).toBe('input-nan');
  expect(await codeOf(add('x.npy', 'hello, this is no file of tensors'))).toMatch(/^input-/);
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  expect(await codeOf(add('a.png', png))).toBe('input-format');
});
