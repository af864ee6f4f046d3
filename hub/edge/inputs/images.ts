import { DTYPE_BYTES, type Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import { UNIT_INPUT_BYTES_MAX } from '../../core/models/inputs.ts';
import { faultOf } from './file-faults.ts';
import type { ImagePlan } from './image-shape.ts';
import { decodePicture, measurePicture, type Size } from './picture.ts';
import type { InputFile } from './port.ts';

/** Bytes of all pictures together once they are tensors. */
const TENSOR_BYTES_MAX = 1024 * 1024 * 1024;
/** libvips runs in a pool of four threads by default. */
const AT_ONCE = 4;

/** Pictures as items of one tensor, and the files that hold none. */
export interface DecodedImages {
  tensor: Tensor;
  /** Of the items, in their order. */
  names: string[];
  bad: FileFault[];
}

/**
 * Decodes PNG, JPEG, WebP, GIF and AVIF files, in their order, to one tensor of the plan's dtype
 * and layout. Refuses what all of them have in common; one that cannot be decoded is a bad file.
 */
export async function decodeImages(
  files: readonly InputFile[],
  plan: ImagePlan,
): Promise<Result<DecodedImages>> {
  const measured = await measureAll(files, plan);
  if (!measured.ok) return measured;
  const { size, opened, bad } = measured.value;
  const { channels, dtype, layout } = plan;
  const itemBytes = size.width * size.height * channels * DTYPE_BYTES[dtype];
  if (itemBytes * opened.length > TENSOR_BYTES_MAX) {
    const message = `the pictures make more than ${TENSOR_BYTES_MAX} bytes of tensors; send fewer at a time`;
    return refuse('input-too-big', message);
  }
  const data = new Uint8Array(itemBytes * opened.length);
  const names: string[] = [];
  for (let start = 0; start < opened.length; start += AT_ONCE) {
    const some = opened.slice(start, start + AT_ONCE);
    const pictures = await Promise.all(some.map((file) => decodePicture(file, size, plan)));
    for (const [index, { name }] of some.entries()) {
      const pixels = pictures[index];
      if (pixels?.ok === false) bad.push(faultOf(name, pixels.refusal));
      if (!pixels?.ok) continue;
      const offset = names.length * itemBytes;
      writePixels(pixels.value, plan, data.subarray(offset, offset + itemBytes));
      names.push(name);
    }
  }
  const { width, height } = size;
  const itemShape = layout === 'nchw' ? [channels, height, width] : [height, width, channels];
  const shape = [names.length, ...itemShape];
  const tensor = { dtype, shape, data: data.subarray(0, names.length * itemBytes) };
  return accept({ tensor, names, bad });
}

/** The size of the plan; where it says none, that of all pictures that can be opened. */
async function measureAll(
  files: readonly InputFile[],
  plan: ImagePlan,
): Promise<Result<{ size: Size; opened: InputFile[]; bad: FileFault[] }>> {
  const opened: InputFile[] = [];
  const bad: FileFault[] = [];
  let size: Size | undefined;
  for (const file of files) {
    const measured = await measure(file, plan);
    if (!measured.ok) {
      bad.push(faultOf(file.name, measured.refusal));
      continue;
    }
    opened.push(file);
    const { width, height } = measured.value;
    size ??= measured.value;
    if (width === size.width && height === size.height) continue;
    const message = `${file.name} has ${width} × ${height} pixels and ${opened[0]?.name} ${size.width} × ${size.height}, and the model takes any size; set image.size, such as 224 or [height, width]`;
    return refuse('input-shape', message, file.name);
  }
  return accept({ size: size ?? { width: 1, height: 1 }, opened, bad });
}

async function measure(file: InputFile, plan: ImagePlan): Promise<Result<Size>> {
  const { name } = file;
  const { width, height, channels, dtype } = plan;
  const isKnown = width !== undefined && height !== undefined;
  const own = isKnown ? accept({ width, height }) : await measurePicture(file, plan);
  if (!own.ok) return own;
  const size = { width: width ?? own.value.width, height: height ?? own.value.height };
  const bytes = size.width * size.height * channels * DTYPE_BYTES[dtype];
  if (bytes <= UNIT_INPUT_BYTES_MAX) return accept(size);
  const message = `${name} as ${size.width} × ${size.height} pixels makes an item of ${bytes} bytes; the limit is ${UNIT_INPUT_BYTES_MAX}, so set a smaller image.size, such as 224`;
  return refuse('input-too-big', message, name);
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
