import type { Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import { UNIT_INPUT_BYTES_MAX } from '../../../core/models/inputs.ts';
import { faultOf } from '../../inputs/file-faults.ts';
import {
  measurePicture,
  PIXELS_MAX,
  type Pixels,
  readPixels,
  type Size,
  scalePixels,
} from '../../inputs/picture.ts';
import type { InputFile } from '../../inputs/port.ts';
import { UNITS_BYTES_MAX } from '../../inputs/units.ts';
import type { PicturePlan, PictureSteps } from './plan.ts';

/** libvips runs in a pool of four threads by default. */
const AT_ONCE = 4;
/** Pixels that are in memory at once, those of one picture whatever it has. */
const PIXELS_AT_ONCE = 16_000_000;
const CHANNELS = 3;
const FLOAT_BYTES = 4;

/** Pictures as items of one tensor, and the files that hold none. */
export interface PictureTensor {
  /** f32 [items, 3, height, width]. */
  tensor: Tensor;
  /** Of the items, in their order. */
  names: string[];
  /** Pixels of the pictures as they came, upright. */
  sizes: Size[];
  bad: FileFault[];
}

const show = ({ width, height }: Size): string => `${width} × ${height}`;

interface Opened {
  file: InputFile;
  size: Size;
  steps: PictureSteps;
}

/** Makes numbers of pictures as the plan says. All of a job must have one size then. */
export async function fillPictures(
  files: readonly InputFile[],
  plan: PicturePlan,
): Promise<Result<PictureTensor>> {
  const measured = await measureAll(files, plan);
  if (!measured.ok) return measured;
  const { opened, bad } = measured.value;
  const { width, height } = opened[0]?.steps.padded ?? { width: 1, height: 1 };
  const length = CHANNELS * width * height;
  const data = new Float32Array(length * opened.length);
  const [names, sizes]: [string[], Size[]] = [[], []];
  for (const some of takeSome(opened)) {
    const made = await Promise.all(some.map((each) => prepare(each, plan)));
    for (const [at, { file, size, steps }] of some.entries()) {
      const pixels = made[at];
      if (pixels?.ok === false) bad.push(faultOf(file.name, pixels.refusal));
      if (!pixels?.ok) continue;
      const offset = names.length * length;
      writePixels(pixels.value, { plan, steps }, data.subarray(offset, offset + length));
      names.push(file.name);
      sizes.push(size);
    }
  }
  const bytes = new Uint8Array(data.buffer, 0, names.length * length * FLOAT_BYTES);
  const shape = [names.length, CHANNELS, height, width];
  return accept({ tensor: { dtype: 'f32', shape, data: bytes }, names, sizes, bad });
}

/** The steps of each picture; refuses those that come to several sizes, and too many. */
async function measureAll(
  files: readonly InputFile[],
  plan: PicturePlan,
): Promise<Result<{ opened: Opened[]; bad: FileFault[] }>> {
  const opened: Opened[] = [];
  const bad: FileFault[] = [];
  for (const file of files) {
    const size = await measurePicture(file, { upright: true });
    if (!size.ok) {
      bad.push(faultOf(file.name, size.refusal));
      continue;
    }
    const each = { file, size: size.value, steps: plan.stepsOf(size.value) };
    const fault = checkScaled(each);
    if (fault === undefined) opened.push(each);
    else bad.push(fault);
  }
  const [first] = opened;
  const wanted = first?.steps.padded ?? { width: 1, height: 1 };
  const bytes = wanted.width * wanted.height * CHANNELS * FLOAT_BYTES;
  if (bytes > UNIT_INPUT_BYTES_MAX) {
    const message = `${first?.file.name} becomes ${show(wanted)} pixels as the model's settings say, an item of ${bytes} bytes; the limit is ${UNIT_INPUT_BYTES_MAX}. Set a smaller size in preprocessor_config.json.`;
    return refuse('input-too-big', message, first?.file.name);
  }
  if (opened.length * bytes > UNITS_BYTES_MAX) {
    const message = `${opened.length} pictures of ${show(wanted)} take more than a job may; post ${Math.floor(UNITS_BYTES_MAX / bytes)} at a time`;
    return refuse('input-too-big', message);
  }
  const odd = opened.find(({ steps }) => show(steps.padded) !== show(wanted));
  if (odd === undefined) return accept({ opened, bad });
  const message = `${odd.file.name} becomes ${show(odd.steps.padded)} pixels and ${first?.file.name} ${show(wanted)}, and the items of a job have one size. Post a job for each shape of picture, or set size to a height and a width in preprocessor_config.json.`;
  return refuse('input-shape', message, odd.file.name);
}

/** A long and thin picture becomes very large before most of it is cut off. */
function checkScaled({ file: { name }, size, steps: { scaled } }: Opened): FileFault | undefined {
  if (scaled.width * scaled.height <= PIXELS_MAX) return undefined;
  const message = `${name} has ${show(size)} pixels and would be scaled to ${show(scaled)}; cut it to a shape nearer to a square`;
  return { name, code: 'input-too-big', message };
}

/** Few pictures at a time, and fewer where they are large. */
function* takeSome(opened: readonly Opened[]): Generator<Opened[]> {
  let [some, pixels]: [Opened[], number] = [[], 0];
  for (const each of opened) {
    const own = each.size.width * each.size.height;
    if (some.length === AT_ONCE || (some.length > 0 && pixels + own > PIXELS_AT_ONCE)) {
      yield some;
      [some, pixels] = [[], 0];
    }
    some.push(each);
    pixels += own;
  }
  yield some;
}

async function prepare({ file, steps }: Opened, { filter }: PicturePlan): Promise<Result<Pixels>> {
  const pixels = await readPixels(file);
  return pixels.ok ? accept(await scalePixels(pixels.value, steps.scaled, filter)) : pixels;
}

/** Cuts pixels around their middle, and writes them channel by channel; what lacks is black. */
function writePixels(
  { width, height, data }: Pixels,
  { plan, steps: { cut, padded } }: { plan: PicturePlan; steps: PictureSteps },
  target: Float32Array,
): void {
  const left = startOf(width, cut.width);
  const top = startOf(height, cut.height);
  for (const [channel, { from, values }] of plan.channels.entries()) {
    for (let row = 0; row < Math.min(cut.height, padded.height); row += 1) {
      for (let column = 0; column < Math.min(cut.width, padded.width); column += 1) {
        const [x, y] = [column + left, row + top];
        const isInside = x >= 0 && y >= 0 && x < width && y < height;
        const byte = isInside ? (data[(y * width + x) * CHANNELS + from] ?? 0) : 0;
        target[(channel * padded.height + row) * padded.width + column] = values[byte] ?? 0;
      }
    }
  }
}

/** Where a cut begins; below 0 where the picture is smaller. */
const startOf = (own: number, cut: number): number =>
  own >= cut ? Math.floor((own - cut) / 2) : -Math.floor((cut - own) / 2);
