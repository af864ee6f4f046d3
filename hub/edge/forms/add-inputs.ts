import { sha256 } from '#protocol/bytes/digest.ts';
import { UNITS_ALONG_BYTES_MAX } from '#protocol/messages/control.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { RowTaskName } from '#protocol/tasks/task.ts';
import { isPictureTask } from '#protocol/tasks/task.ts';
import { type Tensor, type TensorSpec, unitBytes } from '#protocol/tensors/tensor.ts';
import { digestUnits } from '#protocol/tensors/unit-bytes.ts';
import { must, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts, ModelInput } from '../../core/models/check.ts';
import type { BlobStore } from '../blobs/port.ts';
import { convertInputs } from '../inputs/convert.ts';
import { type FittedItems, fitTensors } from '../inputs/fit-tensors.ts';
import type { InputFile } from '../inputs/port.ts';
import { sortFiles } from '../inputs/sort-files.ts';
import { readSpool, type Spool } from '../inputs/spool.ts';
import { packUnits, UNITS_BYTES_MAX } from '../inputs/units.ts';
import { makeSlices } from '../tasks/generation/slices.ts';
import { openWriter } from '../tasks/generation/writer.ts';
import { readPictures } from '../tasks/pictures/prepare.ts';
import type { TaskSettings } from '../tasks/port.ts';
import { readTextRows } from '../tasks/texts/prepare.ts';
import { readTexts } from '../tasks/texts.ts';

/** Units that are to join an open job: a blob of them, and the SHA-256 of each. */
export interface AddedInputs {
  inputs: BlobRef;
  units: number;
  digests: Uint8Array<ArrayBuffer>;
  /** The blob itself, where it is so short that it goes along with leases. */
  bytes?: Uint8Array;
}

/** What of an open job says how its inputs are read. */
export interface AddingForm {
  specs: readonly TensorSpec[];
  task?: TaskSettings | undefined;
  inputs: Spool;
}

/**
 * Makes units of files for a job that runs, in the shapes that it has. Throws a `PocketgridError` with
 * what is wrong with them.
 */
export async function makeInputs(
  { specs, task, inputs }: AddingForm,
  blobs: Pick<BlobStore, 'put'>,
): Promise<AddedInputs> {
  const files = await readSpool(inputs);
  if (task?.options.name === 'text-generation') {
    const writer = must(openWriter(task.settings));
    const context = specs[0]?.shape[1] ?? 0;
    return keepSlices(makeSlices(files, { options: task.options, writer, context }), specs, blobs);
  }
  return keepUnits(must(await readItems(files, specs, task)), specs, blobs);
}

/** Keeps slices of texts, whose bytes are units already. */
export async function keepSlices(
  { bytes, units }: ReturnType<typeof makeSlices>,
  specs: readonly TensorSpec[],
  blobs: Pick<BlobStore, 'put'>,
): Promise<AddedInputs> {
  const digests = digestUnits(unitBytes(specs), bytes, sha256);
  return keepBytes({ bytes, digests, units }, blobs);
}

/** Keeps tensors, items first, as units of one item each. */
export async function keepUnits(
  { items, tensors }: { items: number; tensors: ReadonlyMap<string, Tensor> },
  specs: readonly TensorSpec[],
  blobs: Pick<BlobStore, 'put'>,
): Promise<AddedInputs> {
  const { bytes, digests } = packUnits({ items, unitItems: 1, specs, tensors });
  return keepBytes({ bytes, digests, units: items }, blobs);
}

async function keepBytes(
  { bytes, ...made }: Pick<AddedInputs, 'units' | 'digests'> & { bytes: Uint8Array },
  blobs: Pick<BlobStore, 'put'>,
): Promise<AddedInputs> {
  const inputs = must(await blobs.put(bytes, UNITS_BYTES_MAX));
  const isShort = bytes.length <= UNITS_ALONG_BYTES_MAX;
  return { inputs, ...made, ...(isShort && { bytes }) };
}

/** Items of the shapes of a job, of files like its first ones. */
async function readItems(
  files: readonly InputFile[],
  specs: readonly TensorSpec[],
  task: TaskSettings | undefined,
): Promise<Result<FittedItems>> {
  const facts = factsOf(specs);
  if (task !== undefined) {
    const { name } = task.options;
    if (name === 'text-generation') throw new TypeError('prompts are units already');
    const tensors = isPictureTask(name)
      ? await readPictures(files, specs, task)
      : readTokens(files, specs, { ...task, options: { ...task.options, name } });
    return tensors.ok ? fitTensors(tensors.value, facts, { unitItems: 1 }) : tensors;
  }
  const [picture] = sortFiles(files).pictures;
  if (picture === undefined) return convertInputs(files, facts, { unitItems: 1 });
  const message = `${picture.name} is a picture, and an open job without a task takes tensors; post one with a task of pictures`;
  return refuse('input-format', message, picture.name);
}

function readTokens(
  files: readonly InputFile[],
  specs: readonly TensorSpec[],
  task: TaskSettings & { options: { name: RowTaskName } },
): Result<Map<string, Tensor>> {
  const items = readTexts(files);
  return items.ok ? readTextRows(items.value, specs, task) : items;
}

/** Inputs whose shapes are known, their items on the first axis. */
const factsOf = (specs: readonly TensorSpec[]): ModelFacts => ({
  inputs: specs.map(
    ({ name, dtype, shape }): ModelInput => ({
      ...{ name, dtype, axis: 0 },
      dims: ['items', ...shape.slice(1)],
    }),
  ),
  ...{ outputs: [], weightBytes: 0, peakBytes: 0, opset: 0, ops: [] },
  ...{ movesOut: false, openLoops: false },
});
