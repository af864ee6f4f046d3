import type { JobOptions } from '#protocol/api/job.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelInput } from '../../core/models/check.ts';

type ImageOptions = NonNullable<JobOptions['image']>;
type Dim = number | string | undefined;

/** Colours of a picture where the model leaves their number open. */
const CHANNELS = 3;

/** How pictures become one tensor: the input's name, dtype and sizes, and how values are scaled. */
export interface ImagePlan {
  name: string;
  dtype: 'f32' | 'u8';
  layout: 'nchw' | 'nhwc';
  channels: 1 | 3 | 4;
  /** Undefined where neither the model nor an option says it: then all pictures have one size. */
  height: number | undefined;
  width: number | undefined;
  fit: 'crop' | 'contain' | 'stretch';
  /** Whether a picture is turned as its EXIF tag says. */
  upright: boolean;
  /** f32 only: `(value / 255 − mean) / std`, one number per channel. */
  mean: readonly number[];
  std: readonly number[];
}

/** Refuses a model that pictures do not fit, and options that do not fit the model. */
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
  const [depth, ...sides] =
    layout === 'nhwc' ? [dims[3], dims[1], dims[2]] : [dims[1], dims[2], dims[3]];
  const channels = typeof depth === 'number' ? depth : CHANNELS;
  if (layout === undefined || (channels !== 1 && channels !== 3 && channels !== 4)) {
    const shape = dims.map((dim) => (dim === '' ? '?' : dim)).join(', ');
    const message = `${name} has shape [${shape}], which does not say where 1, 3 or 4 channels are; set image.layout to "nchw" or "nhwc", or send tensors`;
    return refuse('input-shape', message, name);
  }
  const size = chooseSize(sides, options);
  if (!size.ok) return size;
  const scale = chooseScale({ name, dtype, channels }, options);
  if (!scale.ok) return scale;
  const { fit = 'crop', orientation = 'upright' } = options;
  const upright = orientation === 'upright';
  return accept({ name, dtype, layout, channels, ...size.value, fit, upright, ...scale.value });
}

/**
 * Channels first where that fits, as PyTorch exports; last where only that does, as TensorFlow.
 * Where all is open, names such as `num_channels` tell.
 */
function guessLayout(dims: readonly Dim[]): 'nchw' | 'nhwc' | undefined {
  const isChannels = (dim: Dim) => dim === 1 || dim === 3 || dim === 4;
  const saysChannels = (dim: Dim) => typeof dim === 'string' && /^c$|chan|colou?r|rgb/i.test(dim);
  for (const fits of [isChannels, saysChannels]) {
    if (fits(dims[1])) return 'nchw';
    if (fits(dims[3])) return 'nhwc';
  }
  return undefined;
}

function chooseSize(
  [ofModelHeight, ofModelWidth]: readonly Dim[],
  { size }: ImageOptions,
): Result<Pick<ImagePlan, 'height' | 'width'>> {
  const [askedHeight, askedWidth] = typeof size === 'number' ? [size, size] : (size ?? []);
  const fixed = (dim: Dim) => (typeof dim === 'number' ? dim : undefined);
  const height = fixed(ofModelHeight) ?? askedHeight;
  const width = fixed(ofModelWidth) ?? askedWidth;
  if (size === undefined || (height === askedHeight && width === askedWidth)) {
    return accept({ height, width });
  }
  const message = `image.size is [height, width], and the model takes [${height}, ${width}]; leave image.size out`;
  return refuse('request-invalid', message, 'image.size');
}

function chooseScale(
  { name, dtype, channels }: { name: string; dtype: 'f32' | 'u8'; channels: number },
  options: ImageOptions,
): Result<Pick<ImagePlan, 'mean' | 'std'>> {
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
  return accept({ mean: spread(mean), std: spread(std) });
}
