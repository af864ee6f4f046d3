import { expect, test } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import { decodeSample, isSampleJob } from './sample.ts';

test('images are scaled to 0..1 and go with their labels', () => {
  const data = new Uint8Array(128);
  data[0] = 16;
  data[64] = 8;
  const sample = decodeSample(encodeNpy({ dtype: 'u8', shape: [2, 8, 8], data }), {
    labels: [3, 5],
  });
  if (!sample.ok) throw new Error(sample.refusal.message);
  expect(sample.value.images[0]?.[0]).toBe(1);
  expect(sample.value.images[1]?.[0]).toBe(0.5);
  expect(sample.value.labels).toEqual([3, 5]);
});

test('images of another size and labels that are none are refused', () => {
  const wide = encodeNpy({ dtype: 'u8', shape: [1, 9, 9], data: new Uint8Array(81) });
  expect(decodeSample(wide, [1])).toMatchObject({ refusal: { code: 'input-shape' } });
  const right = encodeNpy({ dtype: 'u8', shape: [1, 8, 8], data: new Uint8Array(64) });
  expect(decodeSample(right, { labels: ['one'] })).toMatchObject({
    refusal: { code: 'input-format' },
  });
});

test('the sample job is known by its shapes and name', () => {
  const job = {
    name: 'Handwritten digits',
    inputs: [{ name: 'x', dtype: 'f32', shape: [16, 1, 8, 8] }],
    outputs: [{ name: 'y', dtype: 'f32', shape: [16, 10] }],
  } as unknown as JobView;
  expect(isSampleJob(job)).toBe(true);
  expect(isSampleJob({ ...job, name: 'Cats' })).toBe(false);
  expect(isSampleJob({ ...job, outputs: [] })).toBe(false);
});
