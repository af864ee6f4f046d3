import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { fakePictureGraph } from '../../tasks/fake-repository.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const hub = openTestHub(() => ({}));
const GRAPH = encodeOnnx(fakePictureGraph({ logits: ['batch', 2] }));
const SETTINGS = {
  'config.json': { model_type: 'vit' },
  'preprocessor_config.json': { size: { height: 4, width: 6 }, do_rescale: true },
};

async function post(options: object) {
  const form = new FormData();
  form.append('model', new Blob([new Uint8Array(GRAPH)]), 'onnx/model.onnx');
  for (const [name, value] of Object.entries(SETTINGS)) {
    form.append('model', new Blob([JSON.stringify(value)]), name);
  }
  for (const [name, width] of Object.entries({ 'a.png': 9, 'b.png': 12 })) {
    const create = { width, height: 9, channels: 3, background: 'red' } as const;
    const bytes = await sharp({ create }).png().toBuffer();
    form.append('inputs', new Blob([new Uint8Array(bytes)]), name);
  }
  const task = { name: 'image-classification' };
  form.append('options', JSON.stringify({ name: 'pictures', task, ...options }));
  return hub.call('/v1/jobs', { method: 'POST', body: form });
}

it('pictures of any size become items of the size that the model has, and keep their names', async () => {
  const job = (await (await post({})).json()) as JobView;
  expect(job).toMatchObject({ items: 2, named: true, task: 'image-classification' });
  expect(job.inputs[0]?.shape.slice(1)).toEqual([3, 4, 6]);
  const path = `/v1/jobs/${job.id}/results?format=jsonl&output=logits`;
  const refused = await refusalOf(await hub.call(path));
  expect(refused).toMatchObject({ status: 400, code: 'request-invalid' });
});

it('options of jobs without a task are refused', async () => {
  const refused = await refusalOf(await post({ image: { size: 8 } }));
  expect(refused).toMatchObject({ status: 400, code: 'request-invalid' });
});
