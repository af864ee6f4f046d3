import { t } from '@lingui/core/macro';
import type { JobView } from '#protocol/api/job.ts';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import { elementCount } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** Where the sample job's files are on our own origin. */
export const SAMPLE = {
  name: 'Handwritten digits',
  model: '/sample/digits.onnx',
  inputs: '/sample/digits.npy',
  labels: '/sample/labels.json',
} as const;

/** Images of digits, 8 × 8, each value 0 (paper) to 1 (ink), and what each one shows. */
export interface Sample {
  images: readonly (readonly number[])[];
  labels: readonly number[];
}

const PIXELS = 64;

/** Reads the sample's inputs and labels, as committed under `public/sample`. */
export function decodeSample(npy: Uint8Array, labels: unknown): Result<Sample> {
  const tensor = decodeNpy(npy);
  if (!tensor.ok) return tensor;
  const { dtype, shape, data } = tensor.value;
  const count = shape[0] ?? 0;
  if (elementCount(shape) !== count * PIXELS || (dtype !== 'u8' && dtype !== 'f32')) {
    return refuse('input-shape', t`The sample is not 8 × 8 images; build the app again.`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const read = (index: number) =>
    dtype === 'u8' ? view.getUint8(index) : view.getFloat32(index * 4, true);
  const values = Array.from({ length: count * PIXELS }, (_, index) => read(index));
  const most = values.reduce((max, value) => Math.max(max, value), 1e-9);
  const images = Array.from({ length: count }, (_, image) =>
    values.slice(image * PIXELS, (image + 1) * PIXELS).map((value) => Math.max(0, value / most)),
  );
  const list = Array.isArray(labels) ? labels : (labels as { labels?: unknown } | null)?.labels;
  if (!Array.isArray(list) || !list.every((label) => Number.isInteger(label))) {
    return refuse(
      'input-format',
      t`The sample’s labels are not a list of digits; build the app again.`,
    );
  }
  return accept({ images, labels: list as number[] });
}

/** A job over the sample's images: ten scores out, 8 × 8 numbers in, one item per label at most. */
export function isSampleJob(job: JobView): boolean {
  const [input, ...more] = job.inputs;
  const pixels = elementCount(input?.shape.slice(1) ?? []);
  const classes = job.outputs[0]?.shape[1];
  return more.length === 0 && pixels === PIXELS && classes === 10 && /digit/i.test(job.name);
}
