import * as v from 'valibot';
import { decodeWith } from '#protocol/values/decode.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';
import type { Settings } from '../repository.ts';

const SIDE_MAX = 8_192;
const Side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(SIDE_MAX));
const Box = v.object({ height: Side, width: Side });
const Edges = v.object({ shortest_edge: v.nullish(Side), longest_edge: v.nullish(Side) });
const Numbers = v.union([v.number(), v.pipe(v.array(v.number()), v.length(3))]);
const Flag = v.nullish(v.boolean());

/** `preprocessor_config.json` of a model of pictures, as far as it says how they become numbers. */
const Preprocessor = v.object({
  image_processor_type: v.nullish(v.string()),
  feature_extractor_type: v.nullish(v.string()),
  do_resize: Flag,
  size: v.nullish(v.union([Side, Box, Edges])),
  max_size: v.nullish(Side),
  /** Of ConvNeXt: what is left of the shorter side when the rest is cut off. */
  crop_pct: v.nullish(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
  resample: v.nullish(v.picklist([0, 1, 2, 3, 4, 5])),
  do_center_crop: Flag,
  crop_size: v.nullish(v.union([Side, Box])),
  do_rescale: Flag,
  rescale_factor: v.nullish(v.number()),
  do_normalize: Flag,
  image_mean: v.nullish(Numbers),
  image_std: v.nullish(Numbers),
  /** Of EfficientNet: its deviations count twice. */
  include_top: Flag,
  do_pad: Flag,
  pad_size: v.nullish(Box),
  size_divisor: v.nullish(Side),
  size_divisibility: v.nullish(Side),
  do_flip_channel_order: Flag,
  do_convert_rgb: Flag,
});
export type Preprocessor = v.InferOutput<typeof Preprocessor>;

/** What no task of ours does with pictures; models of documents and of depth ask for it. */
const FOREIGN = ['do_thumbnail', 'do_crop_margin', 'keep_aspect_ratio', 'do_convert_grayscale'];

/** Reads how a model takes pictures. Refuses a repository that does not say it, or wants more. */
export function readPreprocessor({ preprocessor }: Settings): Result<Preprocessor> {
  if (preprocessor === undefined) {
    const message =
      'the task needs to know how the model takes pictures: send preprocessor_config.json beside the .onnx file, as `model`';
    return refuse('model-format', message, 'model');
  }
  const foreign = FOREIGN.find((field) => preprocessor[field] === true);
  if (foreign !== undefined) {
    const message = `preprocessor_config.json says ${foreign}, which no task here does; send the pictures as tensors, without a task`;
    return refuse('model-format', message, 'preprocessor_config.json');
  }
  const decoded = decodeWith(Preprocessor, preprocessor, 'model-format');
  if (decoded.ok) return decoded;
  const message = `preprocessor_config.json: ${decoded.refusal.message}; download it again, or mend it`;
  return refuse('model-format', message, 'preprocessor_config.json');
}
