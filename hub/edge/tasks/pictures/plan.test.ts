import { expect, it } from 'vitest';
import { must } from '#protocol/values/refusal.ts';
import { planPictures } from './plan.ts';
import { type Preprocessor, readPreprocessor } from './preprocessor.ts';

const planOf = (preprocessor: Preprocessor) =>
  planPictures(must(readPreprocessor({ preprocessor })));
const WIDE = { width: 640, height: 480 };
const square = (side: number) => ({ width: side, height: side });

/** What transformers.js makes of a picture of 640 × 480 pixels. */
it.each<[string, Preprocessor, [number, number], [number, number], [number, number]?]>([
  ['a height and a width', { size: { height: 224, width: 192 } }, [192, 224], [192, 224]],
  ['a shorter side', { size: { shortest_edge: 224 } }, [298, 224], [298, 224]],
  [
    'a shorter side that would make the other too long',
    { size: { shortest_edge: 400, longest_edge: 500 } },
    [500, 375],
    [500, 375],
  ],
  ['one number', { size: 64 }, [64, 48], [64, 48]],
  ['one number and the most', { size: 64, max_size: 80 }, [80, 60], [80, 60]],
  [
    'a cut',
    { size: { shortest_edge: 256 }, do_center_crop: true, crop_size: 224 },
    [341, 256],
    [224, 224],
  ],
  [
    'a part that is left',
    { image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 224 } },
    [341, 256],
    [224, 224],
  ],
  [
    'no part at large sizes',
    { image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 384 } },
    [384, 384],
    [384, 384],
  ],
  ['a divisor alone', { do_resize: true, size_divisor: 32 }, [640, 480], [640, 480]],
  [
    'sides that are filled up',
    { size: { shortest_edge: 100 }, do_pad: true, pad_size: { width: 160, height: 128 } },
    [133, 100],
    [133, 100],
    [160, 128],
  ],
  ['nothing', { do_resize: false }, [640, 480], [640, 480]],
])('sizes are known from %s', (_, config, ...[scaled, cut, padded = cut]) => {
  const steps = must(planOf(config)).stepsOf(WIDE);
  const sides = [steps.scaled, steps.cut, steps.padded].map(({ width, height }) => [width, height]);
  expect(sides).toEqual([scaled, cut, padded]);
});

it('numbers of a byte are scaled and normalised, in the order of channels that is asked for', () => {
  const config = { do_resize: false, do_normalize: true, image_mean: [0, 0.5, 1], image_std: 0.5 };
  const valuesOf = (more: Preprocessor) =>
    must(planOf({ ...config, ...more })).channels.map(({ from, values }) => [from, values[255]]);
  expect(valuesOf({})).toEqual([
    [0, 2],
    [1, 1],
    [2, 0],
  ]);
  expect(valuesOf({ do_flip_channel_order: true })).toEqual([
    [2, 0],
    [1, 1],
    [0, 2],
  ]);
  expect(valuesOf({ image_processor_type: 'EfficientNetImageProcessor' })[0]).toEqual([0, 4]);
  expect(valuesOf({ do_rescale: false, do_normalize: false })[0]).toEqual([0, 255]);
});

it.each([
  [{ do_resize: true }, /does not say size/],
  [{ do_resize: false, do_center_crop: true }, /does not say crop_size/],
  [{ do_resize: false, do_normalize: true }, /image_mean/],
  [{ image_processor_type: 'ConvNextImageProcessor', size: square(8) }, /shortest_edge/],
])('settings that lack something are refused with what (%j)', (config, message) => {
  expect(planOf(config)).toMatchObject({ refusal: { message: expect.stringMatching(message) } });
});

it.each([
  [undefined, /send preprocessor_config.json/],
  [{ size: { shortest_edge: -1 } }, /preprocessor_config.json: .*download it again/],
  [{ do_thumbnail: true, size: square(8) }, /says do_thumbnail/],
])('settings that cannot be used are refused with what to do (%j)', (preprocessor, message) => {
  const settings = preprocessor === undefined ? {} : { preprocessor };
  expect(readPreprocessor(settings)).toMatchObject({
    refusal: { code: 'model-format', message: expect.stringMatching(message) },
  });
});
