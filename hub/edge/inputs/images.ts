import sharp from 'sharp';
import { DTYPE_BYTES, type Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { UNIT_INPUT_BYTES_MAX } from '../../core/models/inputs.ts';
import type { ImagePlan } from './image-shape.ts';
import type { InputFile } from './port.ts';

/** Pixels of one picture before it is resized: 50 megapixels is more than most phones take. */
const PIXELS_MAX = 50_000_000;
/** Bytes of all pictures together once they are tensors. */
const TENSOR_BYTES_MAX = 1024 * 1024 * 1024;
/**
 * libvips opens what it knows by itself, drawings and documents too: whoever sends a file chooses
 * the code that reads it. Only decoders of pictures stay.
 */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'];
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS.map((format) => `VipsForeignLoad${format}`) });

/** One picture's time: decoders of hostile files may take for ever. */
const SECONDS_MAX = 30;
/** libvips runs in a pool of four threads by default. */
const AT_ONCE = 4;

/**
 * Decodes PNG, JPEG, WebP, GIF and AVIF files, in their order, to one tensor of the plan's dtype
 * and layout. Refuses pictures that move.
 *
 * A picture is turned upright by its EXIF tag, brought to sRGB at 8 bits, and scaled (Lanczos 3) as
 * the plan says: what sticks out is cut evenly from both sides, or what lacks is black, or it is
 * bent. One channel is grey; for three, transparency is dropped; for four, opaque pictures get 255.
 */
export async function decodeImages(
  files: readonly InputFile[],
  plan: ImagePlan,
): Promise<Result<Tensor>> {
  const size = await measure(files, plan);
  if (!size.ok) return size;
  const { width, height } = size.value;
  const { channels, dtype, layout } = plan;
  const itemBytes = width * height * channels * DTYPE_BYTES[dtype];
  if (itemBytes * files.length > TENSOR_BYTES_MAX) {
    const message = `the pictures make more than ${TENSOR_BYTES_MAX} bytes of tensors; send fewer at a time`;
    return refuse('input-too-big', message);
  }
  const data = new Uint8Array(itemBytes * files.length);
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    const pictures = await Promise.all(some.map((file) => decodeImage(file, size.value, plan)));
    for (const [index, pixels] of pictures.entries()) {
      if (!pixels.ok) return pixels;
      const offset = (start + index) * itemBytes;
      writePixels(pixels.value, plan, data.subarray(offset, offset + itemBytes));
    }
  }
  const itemShape = layout === 'nchw' ? [channels, height, width] : [height, width, channels];
  return accept({ dtype, shape: [files.length, ...itemShape], data });
}

interface Size {
  width: number;
  height: number;
}

/** The size of the plan; where it says none, that of all pictures. */
async function measure(files: readonly InputFile[], plan: ImagePlan): Promise<Result<Size>> {
  const [first] = files;
  if (first === undefined) return refuse('input-empty', 'no picture was sent; send at least one');
  let found: Size | undefined;
  for (const file of files) {
    const size = await measureOne(file, plan);
    if (!size.ok) return size;
    const { width, height } = size.value;
    found ??= size.value;
    if (width !== found.width || height !== found.height) {
      const message = `${file.name} has ${width} × ${height} pixels and ${first.name} ${found.width} × ${found.height}, and the model takes any size; set image.size, such as 224 or [height, width]`;
      return refuse('input-shape', message, file.name);
    }
  }
  return checkSize(first.name, found as Size, plan);
}

async function measureOne(file: InputFile, plan: ImagePlan): Promise<Result<Size>> {
  const { width, height, upright } = plan;
  if (width !== undefined && height !== undefined) return accept({ width, height });
  try {
    const { autoOrient, ...stored } = await openImage(file, plan).metadata();
    const pixels = upright ? autoOrient : stored;
    return accept({ width: width ?? pixels.width, height: height ?? pixels.height });
  } catch (error) {
    return explain(file, error);
  }
}

function checkSize(name: string, size: Size, { dtype, channels }: ImagePlan): Result<Size> {
  const bytes = size.width * size.height * channels * DTYPE_BYTES[dtype];
  if (bytes <= UNIT_INPUT_BYTES_MAX) return accept(size);
  const message = `${name} as ${size.width} × ${size.height} pixels makes an item of ${bytes} bytes; the limit is ${UNIT_INPUT_BYTES_MAX}, so set a smaller image.size, such as 224`;
  return refuse('input-too-big', message, name);
}

const openImage = ({ bytes }: InputFile, { upright }: Pick<ImagePlan, 'upright'>) =>
  sharp(bytes, { limitInputPixels: PIXELS_MAX, autoOrient: upright });

const FITS = { crop: 'cover', contain: 'contain', stretch: 'fill' } as const;

/** `height × width × channels` bytes. */
async function decodeImage(
  file: InputFile,
  { width, height }: Size,
  plan: ImagePlan,
): Promise<Result<Uint8Array>> {
  const { channels } = plan;
  try {
    const { pages = 1 } = await openImage(file, plan).metadata();
    if (pages > 1) {
      const message = `${file.name} holds ${pages} pictures; an item is one, so save each as a file (ffmpeg -i FILE frame-%05d.png)`;
      return refuse('input-format', message, file.name);
    }
    const resized = openImage(file, plan).timeout({ seconds: SECONDS_MAX }).resize(width, height, {
      fit: FITS[plan.fit],
      position: 'centre',
      background: 'black',
    });
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

function explain({ name }: InputFile, error: unknown): Result<never> {
  const why = error instanceof Error ? error.message : String(error);
  if (why.includes('pixel limit')) {
    const message = `${name} has more than ${PIXELS_MAX} pixels; make it smaller`;
    return refuse('input-too-big', message, name);
  }
  return refuse('input-format', `${name} is not a whole picture (${why}); save it again`, name);
}

function writePixels(pixels: Uint8Array, plan: ImagePlan, target: Uint8Array): void {
  const { channels, layout, dtype, mean, std } = plan;
  const count = pixels.length / channels;
  const view = new DataView(target.buffer, target.byteOffset, target.length);
  for (let channel = 0; channel < channels; channel += 1) {
    const shift = mean[channel] ?? 0;
    const scale = std[channel] ?? 1;
    for (let pixel = 0; pixel < count; pixel += 1) {
      const value = pixels[pixel * channels + channel] ?? 0;
      const at = layout === 'nchw' ? channel * count + pixel : pixel * channels + channel;
      if (dtype === 'u8') target[at] = value;
      else view.setFloat32(at * 4, (value / 255 - shift) / scale, true);
    }
  }
}
