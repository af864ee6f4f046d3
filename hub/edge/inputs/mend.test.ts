import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import { mendInputs } from './mend.ts';

const folder = openTestFolder();
const specs: TensorSpec[] = [{ name: 'x', dtype: 'u8', shape: [3, 2] }];
/** Two units of three items; the last item of the second one fills it up. */
const UNITS = Uint8Array.of(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5);

async function mend(failed: readonly number[]) {
  const blobs = await openFolderBlobs(folder);
  const inputs = await blobs.put(UNITS, 100);
  if (!inputs.ok) throw new Error(inputs.refusal.message);
  const cut = { inputs: inputs.value, specs, unit: 1, items: 2, failed };
  const mended = await mendInputs(blobs, cut);
  const blob = mended.ok ? await blobs.read(mended.value.blob.root, 0, 6) : mended;
  await blobs.close();
  return { mended, bytes: blob.ok ? [...blob.value] : undefined };
}

it('a mended unit is a blob of its own, named with its digest', async () => {
  const { mended, bytes } = await mend([1]);
  expect(bytes).toEqual([4, 4, 4, 4, 4, 4]);
  const digest = createHash('sha256')
    .update(Uint8Array.from(bytes ?? []))
    .digest('hex');
  expect(mended).toMatchObject({ ok: true, value: { blob: { length: 6 }, digest } });
});

it('a unit without a good item is not mended', async () => {
  expect((await mend([0, 1])).mended).toMatchObject({ ok: false, refusal: { code: 'internal' } });
});
