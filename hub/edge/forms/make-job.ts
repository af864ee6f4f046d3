import type { JobOptions } from '#protocol/api/job.ts';
import { packNames } from '#protocol/files/item-names.ts';
import { type BlobRef, REFERENCE_LANE } from '#protocol/models/package.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { boundLoops } from '#protocol/onnx/loops.ts';
import { addTaps } from '#protocol/onnx/taps.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import {
  accept,
  type FileFault,
  must,
  PocketgridError,
  type Result,
  refuse,
} from '#protocol/values/refusal.ts';
import { checkModel, MODEL_LIMITS, type ModelFacts } from '../../core/models/check.ts';
import { LOOP_TRIPS_MAX } from '../../core/models/graph.ts';
import type { BlobStore } from '../blobs/port.ts';
import { type Converted, convertInputs } from '../inputs/convert.ts';
import { assembleModel, type ModelFile } from '../inputs/model-file.ts';
import { graphFiles, type ModelSource, readModelFiles } from '../inputs/model-files.ts';
import { foldShared, foldTensors } from '../inputs/shared.ts';
import { readSpool, type Spool } from '../inputs/spool.ts';
import { packUnits, UNITS_BYTES_MAX } from '../inputs/units.ts';
import type { TaskSettings } from '../tasks/port.ts';
import { readTaskForm } from '../tasks/task-form.ts';
import type { MadeJob } from './made-job.ts';
import { makeTextJob } from './make-text-job.ts';

/** A posted form, its files on disk. */
export interface JobForm {
  options: JobOptions;
  /** The ONNX file, those with its data, and settings. */
  model: ModelSource;
  inputs: Spool;
  /** Files of what all items share. */
  shared: Spool;
}

/**
 * Checks the model of a form, turns its files into units, and keeps both as blobs. Throws a
 * `PocketgridError` with what is wrong with them.
 */
export async function makeJob(
  form: JobForm,
  blobs: Pick<BlobStore, 'put' | 'read'>,
): Promise<MadeJob> {
  const options = must(checkOptions(form.options));
  const { batchAxis, shared = {}, task } = options;
  if (task?.name === 'text-generation') {
    const files = await readModelFiles(form.model, blobs);
    const inputs = await readSpool(form.inputs);
    return makeTextJob({ options: { ...options, task }, files, inputs }, blobs);
  }
  const posted = must(await readForm({ ...form, options }, blobs));
  const given = must(foldShared(posted.file, shared, await readSpool(form.shared)));
  const checked = must(checkModel(given, MODEL_LIMITS, batchAxis));
  const converted = must(await posted.convert(checked));
  const { items, unitItems, specs, names, leftOut } = converted;
  const notes = [...posted.notes, ...noteAxis(converted), ...noteFiles(leftOut)];
  const isFixed =
    options.unitItems !== undefined || converted.single || checked.fixedBatch !== undefined;
  const folded = must(foldTensors(given, converted.shared));
  const model = checked.openLoops ? boundModel(folded) : folded;
  const tapped = options.taps === true ? tapModel(model) : undefined;
  const packed = packUnits(converted);
  if (options.open === true && converted.single) must(refuseApart());
  const put = async (bytes: Uint8Array): Promise<BlobRef> =>
    must(await blobs.put(bytes, UNITS_BYTES_MAX));
  const putJson = (value: object) => put(new TextEncoder().encode(JSON.stringify(value)));
  return {
    record: {
      draft: {
        name: options.name,
        file: must(await blobs.put(tapped?.file ?? model, MODEL_LIMITS.fileBytes, 'model-too-big')),
        runtime: {
          kind: 'graph',
          inputs: [...specs],
          unitItems,
          graphOptimization: options.graphOptimization ?? REFERENCE_LANE.graphOptimization,
          ...(isFixed ? { sized: 'fixed' } : {}),
          ...(converted.single && checked.fixedBatch === undefined ? { coupled: true } : {}),
          ...(tapped === undefined ? {} : { taps: tapped.taps }),
        },
      },
      inputs: await put(packed.bytes),
      inputDigests: await put(packed.digests),
      items,
      units: Math.ceil(items / unitItems),
      ...(names && options.open !== true && { itemNames: await putJson(packNames(names)) }),
      ...(leftOut.length > 0 && { leftOut: await putJson(leftOut) }),
      ...(notes.length > 0 && { notes }),
      ...(posted.task && {
        task: { options: posted.task.options, settings: await putJson(posted.task.settings) },
      }),
    },
    digestBytes: packed.digests,
  };
}

function checkOptions(options: JobOptions): Result<JobOptions> {
  if (options.dryRun !== true || options.autoStart !== true) return checkOpen(options);
  const message = 'a dry run ends with its quote and starts nothing; leave out autoStart or dryRun';
  return refuse('request-invalid', message, 'dryRun');
}

/** An open job has units of one item, whatever comes later: none waits until a unit is full. */
function checkOpen(options: JobOptions): Result<JobOptions> {
  const { open, idleMinutes, unitItems, task } = options;
  if (open !== true) {
    if (idleMinutes === undefined) return accept(options);
    const message = 'idleMinutes is for open jobs; set open to true, or leave it out';
    return refuse('request-invalid', message, 'idleMinutes');
  }
  if (unitItems !== undefined && unitItems !== 1) {
    const message = `an open job has units of one item, and unitItems is ${unitItems}; leave it out`;
    return refuse('request-invalid', message, 'unitItems');
  }
  if (task?.name === 'object-detection' && task.percentage !== true) {
    const message =
      'boxes in pixels need the size of each picture, which an open job does not keep; set percentage to true';
    return refuse('request-invalid', message, 'task.percentage');
  }
  return accept({ ...options, unitItems: 1 });
}

const refuseApart = (): Result<never> =>
  refuse(
    'request-invalid',
    'items of this model do not stand side by side on the first axis, so that no more can be added to a job; post it without open',
    'open',
  );

/** The model of a form, and how its inputs become tensors. */
interface PostedModel extends ModelFile {
  convert(facts: ModelFacts): Promise<Result<Converted>>;
  task?: TaskSettings;
}

async function readForm(
  { options, model, inputs }: JobForm,
  blobs: Pick<BlobStore, 'read'>,
): Promise<Result<PostedModel>> {
  const files = await readModelFiles(model, blobs);
  const { task } = options;
  if (task !== undefined) {
    return readTaskForm({ ...options, task }, files, await readSpool(inputs));
  }
  const assembled = assembleModel(graphFiles(files), options.outputs);
  if (!assembled.ok) return assembled;
  const convert = async (facts: ModelFacts) =>
    convertInputs(await readSpool(inputs), facts, options);
  return accept({ ...assembled.value, convert });
}

const boundModel = (model: Uint8Array): Uint8Array =>
  encodeOnnx(boundLoops(must(decodeOnnx(model)), LOOP_TRIPS_MAX));

const noteAxis = ({ unitItems, apart }: Converted): Reason[] =>
  apart === undefined || unitItems > 1 ? [] : [why('items-apart', { name: apart.slice(0, 200) })];

function noteFiles(leftOut: readonly FileFault[]): Reason[] {
  if (leftOut.length === 0) return [];
  const names = leftOut.map(({ name }) => name).join(', ');
  return [why('files-left-out', { files: leftOut.length, names: names.slice(0, 600) })];
}

/** The model with taps: it is the file of the package from here on. */
function tapModel(model: Uint8Array): { file: Uint8Array; taps: string[] } {
  const tapped = addTaps(must(decodeOnnx(model)));
  if (!tapped.ok) throw new PocketgridError({ ...tapped.refusal, path: 'taps' });
  return { file: encodeOnnx(tapped.value.model), taps: tapped.value.taps };
}
