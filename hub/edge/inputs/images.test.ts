import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { JobOptions } from '#protocol/api/job.ts';
import type { Dtype } from '#protocol/tensors/tensor.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import { convertInputs } from './convert.ts';
import type { InputFile } from './port.ts';

const model = (dtype: Dtype, ...dims: (number | string)[]): ModelFacts => ({
  inputs: [{ name: 'image', dtype, dims, axis: 0 }],
  outputs: [],
  weightBytes: 1_000,
  peakBytes: 1_000,
  opset: 17,
  ops: [],
  movesOut: false,
  openLoops: false,
});

type Pixel = readonly number[];
const RED: Pixel = [255, 0, 0];
const BLUE: Pixel = [0, 0, 255];
const BLACK = { channels: 3, background: 'black' } as const;

/** A PNG of rows of pixels. */
async function png(name: string, rows: readonly (readonly Pixel[])[]): Promise<InputFile> {
  const [width, height] = [rows[0]?.length ?? 0, rows.length];
  const channels = rows[0]?.[0]?.length === 4 ? 4 : 3;
  const raw = { width, height, channels } as const;
  const bytes = await sharp(Uint8Array.from(rows.flat(2)), { raw })
    .png()
    .toBuffer();
  return { name, bytes: new Uint8Array(bytes) };
}

async function convert(files: InputFile[], facts: ModelFacts, image?: JobOptions['image']) {
  const options = { unitItems: 1, ...(image === undefined ? {} : { image }) };
  const result = await convertInputs(files, facts, options);
  if (!result.ok) return { refused: result.refusal.code, message: result.refusal.message };
  const tensor = result.value.tensors.get('image');
  const data = tensor?.data.slice() ?? new Uint8Array();
  const values = tensor?.dtype === 'u8' ? [...data] : [...new Float32Array(data.buffer)];
  return { shape: tensor?.shape, values };
}

describe('pictures as inputs', () => {
  it('lays channels first or last, as the model has them', async () => {
    const file = await png('a.png', [[RED, BLUE]]);
    expect(await convert([file], model('u8', 'n', 3, 1, 2))).toEqual({
      shape: [1, 3, 1, 2],
      values: [255, 0, 0, 0, 0, 255],
    });
    expect(await convert([file], model('u8', 'n', 1, 2, 3), { layout: 'nhwc' })).toEqual({
      shape: [1, 1, 2, 3],
      values: [255, 0, 0, 0, 0, 255],
    });
    expect(await convert([file], model('u8', 'n', 'h', 'w', 3))).toEqual({
      shape: [1, 1, 2, 3],
      values: [255, 0, 0, 0, 0, 255],
    });
  });

  it('scales f32 by mean and std of each channel', async () => {
    const file = await png('a.png', [[[255, 51, 0]]]);
    const plain = await convert([file], model('f32', 'n', 3, 1, 1));
    expect(plain.values?.map((value) => Number(value.toFixed(6)))).toEqual([1, 0.2, 0]);
    const image = { mean: [0.5, 0.2, 0.5], std: [0.5] };
    const scaled = await convert([file], model('f32', 'n', 3, 1, 1), image);
    expect(scaled.values?.map((value) => Number(value.toFixed(6)) + 0)).toEqual([1, 0, -1]);
  });

  it('keeps the order of the files, PNG and JPEG mixed', async () => {
    const flat = (level: number) =>
      Array.from({ length: 8 }, () => Array(8).fill([level, level, level]));
    const jpeg = await sharp((await png('x', flat(200))).bytes)
      .jpeg({ quality: 100 })
      .toBuffer();
    const files = [
      await png('z.png', flat(10)),
      { name: 'm.jpg', bytes: new Uint8Array(jpeg) },
      ...(await Promise.all([30, 40, 50, 60].map((level) => png('a.png', flat(level))))),
    ];
    const { shape, values } = await convert(files, model('u8', 'n', 1, 8, 8));
    expect(shape).toEqual([6, 1, 8, 8]);
    const firsts = [0, 1, 2, 3, 4, 5].map((item) => values?.[item * 64]);
    expect(firsts).toEqual([10, 200, 30, 40, 50, 60]);
  });

  it('opens WebP, GIF and AVIF, and no picture that moves', async () => {
    const flat = Array.from({ length: 8 }, () => Array(8).fill([40, 40, 40]));
    const open = (bytes: Uint8Array) => sharp(bytes);
    const { bytes } = await png('a.png', flat);
    const named = (data: Uint8Array) => ({ name: 'a.png', bytes: new Uint8Array(data) });
    const still = await Promise.all([
      open(bytes).webp({ lossless: true }).toBuffer(),
      open(bytes).gif().toBuffer(),
      open(bytes).avif({ lossless: true }).toBuffer(),
    ]);
    for (const file of still.map(named)) {
      const { values } = await convert([file], model('u8', 'n', 1, 8, 8));
      expect(Math.abs((values?.[0] ?? 0) - 40)).toBeLessThan(3);
    }
    const frames = [bytes, (await png('b.png', [[RED]])).bytes];
    for (const format of ['gif', 'webp'] as const) {
      const moving = await sharp(frames, { join: { animated: true } })
        .toFormat(format)
        .toBuffer();
      const file = named(moving);
      expect(await convert([file], model('u8', 'n', 1, 8, 8))).toMatchObject({
        refused: 'input-format',
      });
    }
  });

  it('libvips opens nothing but pictures', async () => {
    const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(sharp(drawing).metadata()).rejects.toThrow('unsupported');
    const size = { width: 9, height: 9, channels: 3, background: 'black' } as const;
    const tiff = await sharp({ create: size }).tiff().toBuffer();
    await expect(sharp(tiff).metadata()).rejects.toThrow('unsupported');
  });

  it('covers the size of the model and cuts both sides evenly', async () => {
    const wide = await png('a.png', [
      [RED, BLUE, BLUE, RED],
      [RED, BLUE, BLUE, RED],
    ]);
    const { values } = await convert([wide], model('u8', 'n', 3, 2, 2));
    expect(values).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
  });

  it('takes the size of all pictures where the model leaves it open, or asks for one', async () => {
    const files = [await png('a.png', [[RED, RED, RED]]), await png('b.png', [[BLUE, BLUE, BLUE]])];
    const open = model('u8', 'n', 3, '', '');
    expect((await convert(files, open)).shape).toEqual([2, 3, 1, 3]);
    const other = await png('c.png', [[BLUE]]);
    expect((await convert([...files, other], open)).message).toMatch(
      /c\.png has 1 × 1.*image\.size/,
    );
    expect((await convert([...files, other], open, { size: 2 })).shape).toEqual([3, 3, 2, 2]);
    const large = await sharp({ create: { ...BLACK, width: 4032, height: 3024 } })
      .jpeg()
      .toBuffer();
    const photo = { name: 'photo.jpg', bytes: new Uint8Array(large) };
    const floats = model('f32', 'n', 3, 'h', 'w');
    expect((await convert([photo], floats)).message).toMatch(/photo\.jpg .*image\.size/);
    expect((await convert([photo], floats, { size: [3, 4] })).shape).toEqual([1, 3, 3, 4]);
  });

  it('takes models whose axes are all open, by their names or by options', async () => {
    const files = [await png('a.png', [[RED]])];
    const named = model('u8', 'batch_size', 'num_channels', 'height', 'width');
    expect((await convert(files, named, { size: 1 })).shape).toEqual([1, 3, 1, 1]);
    const last = model('u8', 'n', 'h', 'w', 'channels');
    expect((await convert(files, last)).shape).toEqual([1, 1, 1, 3]);
    const open = model('u8', '', '', '', '');
    expect((await convert(files, open)).message).toMatch(/set image\.layout/);
    expect((await convert(files, open, { layout: 'nchw' })).shape).toEqual([1, 3, 1, 1]);
    const fixed = model('u8', 'n', 3, 8, 'w');
    expect((await convert(files, fixed, { size: 4 })).message).toMatch(/takes \[8, 4\]/);
    expect((await convert(files, fixed, { size: [8, 4] })).shape).toEqual([1, 3, 8, 4]);
  });

  it('cuts, fills up or bends, as asked', async () => {
    const wide = await png('a.png', [Array(8).fill(RED), Array(8).fill(RED)]);
    const reds = async (fit: 'crop' | 'contain' | 'stretch') =>
      (await convert([wide], model('u8', 'n', 1, 8, 8), { fit })).values?.filter(
        (level) => level > 0,
      ).length;
    expect(await reds('crop')).toBe(64);
    expect(await reds('stretch')).toBe(64);
    expect(await reds('contain')).toBe(16);
  });

  it('turns pictures as their EXIF tag says, unless they are asked for as stored', async () => {
    const rows = [[RED, BLUE]];
    const turned = await sharp((await png('a.png', rows)).bytes)
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const file = { name: 'a.png', bytes: new Uint8Array(turned) };
    const open = model('u8', 'n', 3, '', '');
    expect((await convert([file], open)).shape).toEqual([1, 3, 2, 1]);
    expect((await convert([file], open, { orientation: 'stored' })).shape).toEqual([1, 3, 1, 2]);
  });

  it('reads CMYK, 16 bits, palettes, grey with alpha, and pictures stored in passes', async () => {
    const flat = Array.from({ length: 16 }, () => Array(16).fill([200, 100, 50]));
    const { bytes } = await png('a.png', flat);
    const sources: [string, Promise<Uint8Array>, number][] = [
      ['CMYK', sharp(bytes).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer(), 40],
      ['16 bits', sharp(bytes).toColourspace('rgb16').png().toBuffer(), 1],
      ['a palette', sharp(bytes).png({ palette: true }).toBuffer(), 3],
      ['passes', sharp(bytes).jpeg({ quality: 100, progressive: true }).toBuffer(), 3],
      ['interlaced', sharp(bytes).png({ progressive: true }).toBuffer(), 0],
    ];
    for (const [kind, source, off] of sources) {
      const file = { name: kind, bytes: new Uint8Array(await source) };
      const { values = [] } = await convert([file], model('u8', 'n', 16, 16, 3));
      for (const [channel, level] of [200, 100, 50].entries()) {
        expect(Math.abs((values[channel] ?? 0) - level), kind).toBeLessThanOrEqual(off);
      }
    }
    const grey = await sharp(bytes).ensureAlpha(0.5).toColourspace('b-w').png().toBuffer();
    const file = { name: 'grey', bytes: new Uint8Array(grey) };
    const { values = [] } = await convert([file], model('u8', 'n', 16, 16, 3));
    expect(new Set(values.slice(0, 3)).size).toBe(1);
  });

  it('makes grey of colour, colour of grey, and drops transparency', async () => {
    const clear = await png('a.png', [[[200, 100, 50, 0]]]);
    expect((await convert([clear], model('u8', 'n', 3, 1, 1))).values).toEqual([200, 100, 50]);
    expect((await convert([clear], model('u8', 'n', 4, 1, 1))).values).toEqual([200, 100, 50, 0]);
    const opaque = await png('a.png', [[[9, 9, 9]]]);
    expect((await convert([opaque], model('u8', 'n', 4, 1, 1))).values).toEqual([9, 9, 9, 255]);
    expect((await convert([opaque], model('u8', 'n', 1, 1, 1))).values).toEqual([9]);
    const grey = await sharp((await png('x', [[[77, 77, 77]]])).bytes)
      .toColourspace('b-w')
      .png()
      .toBuffer();
    const file = { name: 'g.png', bytes: new Uint8Array(grey) };
    expect((await convert([file], model('u8', 'n', 3, 1, 1))).values).toEqual([77, 77, 77]);
  });

  it('refuses pictures that are broken or far too large', async () => {
    const whole = await png(
      'a.png',
      Array.from({ length: 40 }, () => Array(40).fill(RED)),
    );
    const half = { name: 'half.png', bytes: whole.bytes.subarray(0, whole.bytes.length - 20) };
    expect(await convert([half], model('u8', 'n', 3, 8, 8))).toMatchObject({
      refused: 'input-format',
    });
    const size = { width: 8_000, height: 8_000, channels: 3, background: 'black' } as const;
    const huge = await sharp({ create: size }).png({ compressionLevel: 1 }).toBuffer();
    const file = { name: 'huge.png', bytes: new Uint8Array(huge) };
    expect(await convert([file], model('u8', 'n', 3, 8, 8))).toMatchObject({
      refused: 'input-too-big',
    });
  });

  it('bad files are all named, and the others are taken where that is asked for', async () => {
    const heic = Uint8Array.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', (c) => c.charCodeAt(0));
    const good = await png('good.png', [[RED]]);
    const files = [
      { name: 'phone.heic', bytes: heic },
      { name: 'cut.png', bytes: good.bytes.subarray(0, 50) },
      good,
      await png('also.png', [[BLUE]]),
    ];
    const refused = await convertInputs(files, model('u8', 'n', 3, 1, 1), {});
    if (refused.ok) throw new Error('taken');
    expect(refused.refusal.files?.map(({ name }) => name)).toEqual(['phone.heic', 'cut.png']);
    expect(refused.refusal.message).toMatch(
      /HEIC.* \(and 1 more bad file.*skipBadFiles.* 2 others/,
    );
    const options = { skipBadFiles: true, unitItems: 1 };
    const taken = await convertInputs(files, model('u8', 'n', 3, 1, 1), options);
    expect(taken).toMatchObject({
      value: {
        items: 2,
        names: ['good.png', 'also.png'],
        leftOut: [{ name: 'phone.heic' }, { name: 'cut.png' }],
      },
    });
    const none = await convertInputs(files.slice(0, 2), model('u8', 'n', 3, 1, 1), options);
    expect(none).toMatchObject({
      refusal: { files: [{ name: 'phone.heic' }, { name: 'cut.png' }] },
    });
  });

  it('refuses models and settings that pictures do not fit', async () => {
    const files = [await png('a.png', [[RED]])];
    const code = async (facts: ModelFacts, image?: JobOptions['image']) =>
      (await convert(files, facts, image)).refused;
    expect(await code(model('f32', 'n', 64))).toBe('input-format');
    expect(await code(model('i64', 'n', 3, 8, 8))).toBe('input-dtype');
    expect(await code(model('f32', 'n', 7, 8, 8))).toBe('input-shape');
    expect(await code(model('f32', 'n', 8, 8, 3), { layout: 'nchw' })).toBe('input-shape');
    expect(await code(model('u8', 'n', 3, 8, 8), { mean: [0.5] })).toBe('request-invalid');
    expect(await code(model('f32', 'n', 3, 8, 8), { mean: [0, 0] })).toBe('request-invalid');
    expect(await code(model('f32', 'n', 3, 8, 8), { std: [0] })).toBe('request-invalid');
  });
});
