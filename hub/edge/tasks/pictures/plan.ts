import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { Filter, Size } from '../../inputs/picture.ts';
import type { Preprocessor } from './preprocessor.ts';

/** What a picture of one size goes through. */
export interface PictureSteps {
  /** It is scaled to this size, */
  scaled: Size;
  /** cut to this one around its middle, or filled up with black, */
  cut: Size;
  /** and filled up with zeros at its right and its bottom. */
  padded: Size;
}

/** How pictures become numbers, as the preprocessors of transformers.js make them. */
export interface PicturePlan {
  filter: Filter;
  stepsOf(size: Size): PictureSteps;
  /** Of each channel of the tensor: the channel of the picture, and its numbers by byte. */
  channels: readonly { from: number; values: Float32Array }[];
}

/** By the numbers of Pillow; box and Hamming are bilinear, as in transformers.js. */
const FILTERS: readonly Filter[] = [
  'nearest',
  'lanczos3',
  'bilinear',
  'bicubic',
  'bilinear',
  'bilinear',
];
const BILINEAR = 2;
const BYTES = 256;
/** ConvNeXt cuts below this side, and bends from it on. */
const CONVNEXT_BENDS = 384;
const CONVNEXT_PART = 224 / 256;

/** Reads a plan out of the settings of a model; refuses those that say no size or no mean. */
export function planPictures(config: Preprocessor): Result<PicturePlan> {
  const { size, do_normalize: isNormal, image_mean: mean, image_std: std } = config;
  const isScaled = config.do_resize ?? size != null;
  const divisor = config.size_divisibility ?? config.size_divisor ?? undefined;
  if (isScaled && size == null && divisor === undefined) return lacks('size, or do_resize: false');
  if (config.do_center_crop === true && config.crop_size == null) return lacks('crop_size');
  const isConvNext = isOfType(config, 'ConvNext');
  if (isConvNext && isScaled && edgesOf(config).shortest === undefined) {
    return lacks('size.shortest_edge');
  }
  if (isNormal === true && (mean == null || std == null)) return lacks('image_mean and image_std');
  return accept({
    filter: FILTERS[config.resample ?? BILINEAR] ?? 'bilinear',
    stepsOf(own) {
      const [scaled, bent] = !isScaled
        ? [own, own]
        : isConvNext
          ? scaleConvNext(own, config)
          : twice(scale(own, config, divisor));
      const cut = config.do_center_crop === true ? (boxOf(config.crop_size) ?? bent) : bent;
      return { scaled, cut, padded: pad(cut, config, divisor) };
    },
    channels: [0, 1, 2].map((channel) => ({
      from: config.do_flip_channel_order === true ? 2 - channel : channel,
      values: valuesOf(config, config.do_flip_channel_order === true ? 2 - channel : channel),
    })),
  });
}

const lacks = (what: string): Result<never> =>
  refuse(
    'model-format',
    `preprocessor_config.json does not say ${what}, so pictures cannot be made ready; add it`,
    'preprocessor_config.json',
  );

const isOfType = (config: Preprocessor, name: string): boolean =>
  (config.image_processor_type ?? config.feature_extractor_type ?? '').startsWith(name);

const twice = (size: Size): [Size, Size] => [size, size];

const boxOf = (size: Preprocessor['crop_size']): Size | undefined =>
  typeof size === 'number' ? { width: size, height: size } : (size ?? undefined);

function edgesOf({
  size,
  max_size,
}: Preprocessor): Partial<Record<'shortest' | 'longest', number>> {
  if (typeof size === 'number') return { shortest: size, longest: max_size ?? size };
  if (size == null || 'height' in size) return {};
  const { shortest_edge: shortest, longest_edge: longest } = size;
  return { ...(shortest != null && { shortest }), ...(longest != null && { longest }) };
}

function scale(own: Size, config: Preprocessor, divisor: number | undefined): Size {
  const { size } = config;
  if (size != null && typeof size === 'object' && 'height' in size) return size;
  const { shortest, longest } = edgesOf(config);
  if (shortest === undefined && longest === undefined) return divide(own, divisor ?? 1);
  return divide(fitEdges(own, shortest, longest), divisor);
}

/** The shorter side becomes `shortest`, unless the longer one is past `longest` then. */
function fitEdges({ width, height }: Size, shortest?: number, longest = Infinity): Size {
  const grow = shortest === undefined ? 1 : Math.max(shortest / width, shortest / height);
  const [wide, high] = [width * grow, height * grow];
  const shrink = longest === Infinity ? 1 : Math.min(longest / wide, longest / high);
  // As transformers.js rounds: to hundredths first, so that 223.9999 is 224.
  const round = (side: number) => Math.max(1, Math.floor(Number((side * shrink).toFixed(2))));
  return { width: round(wide), height: round(high) };
}

function divide({ width, height }: Size, divisor: number | undefined): Size {
  if (divisor === undefined) return { width, height };
  const whole = (side: number) => Math.max(Math.floor(side / divisor), 1) * divisor;
  return { width: whole(width), height: whole(height) };
}

/** Scaled a little larger and cut to a square, or bent to a large one. */
function scaleConvNext(own: Size, config: Preprocessor): [scaled: Size, cut: Size] {
  const { shortest = 1 } = edgesOf(config);
  const square = { width: shortest, height: shortest };
  if (shortest >= CONVNEXT_BENDS) return twice(square);
  return [fitEdges(own, Math.floor(shortest / (config.crop_pct ?? CONVNEXT_PART))), square];
}

function pad(cut: Size, config: Preprocessor, divisor: number | undefined): Size {
  if (config.do_pad !== true) return cut;
  const { size, pad_size } = config;
  const own = size != null && typeof size === 'object' && 'height' in size ? size : undefined;
  const box = pad_size ?? (divisor === undefined ? own : undefined);
  if (box !== undefined) return box;
  const whole = (side: number) => Math.ceil(side / (divisor ?? 1)) * (divisor ?? 1);
  return { width: whole(cut.width), height: whole(cut.height) };
}

/** Numbers of all bytes of a channel, with the roundings of transformers.js. */
function valuesOf(config: Preprocessor, channel: number): Float32Array {
  const values = Float32Array.from({ length: BYTES }, (_, byte) => byte);
  const factor = config.rescale_factor ?? 1 / 255;
  if (config.do_rescale ?? true) for (const byte of values.keys()) values[byte] = factor * byte;
  if (config.do_normalize !== true) return values;
  const of = (numbers: Preprocessor['image_mean']) =>
    (typeof numbers === 'number' ? numbers : numbers?.[channel]) ?? Number.NaN;
  const [mean, own] = [of(config.image_mean), of(config.image_std)];
  const isSquared = isOfType(config, 'EfficientNet') && config.include_top !== false;
  const deviation = isSquared ? own * own : own;
  return values.map((value) => (value - mean) / deviation);
}
