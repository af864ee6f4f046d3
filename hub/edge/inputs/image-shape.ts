import type { JobOptions } from '#protocol/api/job.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelInput } from '../../core/models/check.ts';

type ImageOptions = NonNullable<JobOptions['image']>;

/** How pictures become one tensor: the input's name, dtype and sizes, and how values are scaled. */
export interface ImagePlan {
  name: string;
  dtype: 'f32' | 'u8';
  layout: 'nchw' | 'nhwc';
  channels: 1 | 3 | 4;
  /** Undefined where the model leaves it open: then the first picture decides. */
  height: number | undefined;
  width: number | undefined;
  /** f32 only: `(value / 255 − mean) / std`, one number per channel. */
  mean: readonly number[];
  std: readonly number[];
}

/** Refuses a model that pictures do not fit, and scaling that does not fit the model. */
export function planImages(
  inputs: readonly ModelInput[],
  options: ImageOptions = {},
): Result<ImagePlan> {
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0 || input.dims.length !== 4) {
    const message = 'pictures fit a model with one input of 4 dimensions; send tensors instead';
    return refuse('input-format', message);
  }
  const { name, dtype, dims } = input;
  if (dtype !== 'f32' && dtype !== 'u8') {
    const message = `pictures become f32 or u8, and ${name} is ${dtype}; send tensors instead`;
    return refuse('input-dtype', message, name);
  }
  const layout = options.layout ?? guessLayout(dims);
  const [channels, height, width] =
    layout === 'nhwc' ? [dims[3], dims[1], dims[2]] : [dims[1], dims[2], dims[3]];
  if (layout === undefined || (channels !== 1 && channels !== 3 && channels !== 4)) {
    const shape = dims.map((dim) => (dim === '' ? '?' : dim)).join(', ');
    const message = `${name} has shape [${shape}], with no dimension of 1, 3 or 4 channels where image.layout says; set the layout or send tensors`;
    return refuse('input-shape', message, name);
  }
  const { mean = [0], std = [1] } = options;
  const scaled = options.mean !== undefined || options.std !== undefined;
  if (scaled && dtype === 'u8') {
    const message = `mean and std scale f32, and ${name} is u8; leave them out`;
    return refuse('request-invalid', message, 'image.mean');
  }
  for (const [field, list] of Object.entries({ mean, std })) {
    if (list.length === 1 || list.length === channels) continue;
    const message = `image.${field} has ${list.length} numbers; give 1, or ${channels} for ${channels} channels`;
    return refuse('request-invalid', message, `image.${field}`);
  }
  if (std.includes(0)) return refuse('request-invalid', 'image.std must not be 0', 'image.std');
  const spread = (list: readonly number[]) =>
    Array.from({ length: channels }, (_, channel) => list[channel] ?? list[0] ?? 0);
  return accept({
    name,
    dtype,
    layout,
    channels,
    height: typeof height === 'number' ? height : undefined,
    width: typeof width === 'number' ? width : undefined,
    mean: spread(mean),
    std: spread(std),
  });
}

/** Channels first where that fits, as PyTorch exports; last where only that does, as TensorFlow. */
function guessLayout(dims: readonly (number | string)[]): 'nchw' | 'nhwc' | undefined {
  const isChannels = (dim: number | string | undefined) => dim === 1 || dim === 3 || dim === 4;
  if (isChannels(dims[1])) return 'nchw';
  return isChannels(dims[3]) ? 'nhwc' : undefined;
}
