import sharp, { type Matrix2x2, type Sharp } from 'sharp';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ImagePlan } from './image-shape.ts';
import type { InputFile } from './port.ts';

/** Pixels of one picture before it is resized: 50 megapixels is more than most phones take. */
export const PIXELS_MAX = 50_000_000;
/**
 * libvips opens what it knows by itself, drawings and documents too: whoever sends a file chooses
 * the code that reads it. Only decoders of pictures stay.
 */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'];
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS.map((format) => `VipsForeignLoad${format}`) });

/** One picture's time: decoders of hostile files may take for ever. */
const SECONDS_MAX = 30;

/** Pixels of a picture. */
export interface Size {
  width: number;
  height: number;
}

const openPicture = ({ bytes }: InputFile, { upright }: Pick<ImagePlan, 'upright'>) =>
  sharp(bytes, { limitInputPixels: PIXELS_MAX, autoOrient: upright });

/** The size of a picture as the plan turns it. Refuses what is no whole picture. */
export async function measurePicture(
  file: InputFile,
  plan: Pick<ImagePlan, 'upright'>,
): Promise<Result<Size>> {
  try {
    const { autoOrient, ...stored } = await openPicture(file, plan).metadata();
    const { width, height } = plan.upright ? autoOrient : stored;
    return accept({ width, height });
  } catch (error) {
    return explain(file, error);
  }
}

const FITS = { crop: 'cover', contain: 'contain', stretch: 'fill' } as const;

/**
 * The pixels of a picture, `height × width × channels` bytes.
 *
 * It is turned upright by its EXIF tag, brought to sRGB at 8 bits, and scaled (Lanczos 3) as the
 * plan says: what sticks out is cut evenly from both sides, or what lacks is black, or it is bent.
 * One channel is grey; for three, transparency is dropped; for four, opaque pictures get 255.
 * Refuses pictures that move, and what cannot be decoded.
 */
export async function decodePicture(
  file: InputFile,
  { width, height }: Size,
  plan: ImagePlan,
): Promise<Result<Uint8Array>> {
  const { channels } = plan;
  try {
    const moving = await checkStill(file);
    if (moving !== undefined) return moving;
    const resized = openPicture(file, plan)
      .timeout({ seconds: SECONDS_MAX })
      .resize(width, height, { fit: FITS[plan.fit], position: 'centre', background: 'black' });
    const coloured =
      channels === 1
        ? resized.removeAlpha().toColourspace('b-w')
        : channels === 3
          ? resized.removeAlpha().toColourspace('srgb')
          : resized.toColourspace('srgb').ensureAlpha();
    const { data, info } = await coloured
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels === channels) return accept(data);
    const message = `${file.name} has ${info.channels} channels where the model takes ${channels}; convert it to RGB`;
    return refuse('input-format', message, file.name);
  } catch (error) {
    return explain(file, error);
  }
}

async function checkStill(file: InputFile): Promise<Result<never> | undefined> {
  const { pages = 1 } = await openPicture(file, { upright: true }).metadata();
  if (pages === 1) return undefined;
  const message = `${file.name} holds ${pages} pictures; an item is one, so save each as a file (ffmpeg -i FILE frame-%05d.png)`;
  return refuse('input-format', message, file.name);
}

/** A picture as `height × width × 3` bytes: red, green and blue. */
export interface Pixels extends Size {
  data: Uint8Array;
}

/**
 * The pixels of a picture as they are, upright, in sRGB at 8 bits and without transparency. Refuses
 * pictures that move, and what cannot be decoded.
 */
export async function readPixels(file: InputFile): Promise<Result<Pixels>> {
  try {
    const moving = await checkStill(file);
    if (moving !== undefined) return moving;
    const opened = openPicture(file, { upright: true }).timeout({ seconds: SECONDS_MAX });
    return accept(await rawOf(opened.removeAlpha().toColourspace('srgb')));
  } catch (error) {
    return explain(file, error);
  }
}

/** How pixels between pixels are made. */
export type Filter = 'nearest' | 'bilinear' | 'bicubic' | 'lanczos3';

/** Pixels at another size, by the operations of sharp that transformers.js uses. */
export async function scalePixels(pixels: Pixels, size: Size, filter: Filter): Promise<Pixels> {
  const { width, height, data } = pixels;
  if (width === size.width && height === size.height) return pixels;
  const opened = sharp(data, { raw: { width, height, channels: 3 } });
  const factors: Matrix2x2 = [
    [size.width / width, 0],
    [0, size.height / height],
  ];
  return rawOf(
    filter === 'lanczos3'
      ? opened.resize({ ...size, fit: 'fill', kernel: filter })
      : opened.affine(factors, { interpolator: filter }),
  );
}

async function rawOf(picture: Sharp): Promise<Pixels> {
  const { data, info } = await picture
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

function explain({ name }: InputFile, error: unknown): Result<never> {
  const why = error instanceof Error ? error.message : String(error);
  if (why.includes('pixel limit')) {
    const message = `${name} has more than ${PIXELS_MAX} pixels; make it smaller`;
    return refuse('input-too-big', message, name);
  }
  return refuse('input-format', `${name} is not a whole picture (${why}); save it again`, name);
}
