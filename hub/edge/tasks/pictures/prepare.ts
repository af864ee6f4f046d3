import type { JobOptions } from '#protocol/api/job.ts';
import { dtypeOfOnnx, type OnnxModel, type OnnxValue } from '#protocol/onnx/model.ts';
import type { PictureTaskName } from '#protocol/tasks/task.ts';
import { elementCount, type Tensor, type TensorSpec } from '#protocol/tensors/tensor.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { leaveOut, refuseFiles } from '../../inputs/file-faults.ts';
import type { InputFile } from '../../inputs/port.ts';
import { sortFiles } from '../../inputs/sort-files.ts';
import { checkOptions } from '../options.ts';
import type { Prepared, TaskSettings } from '../port.ts';
import { PICTURES } from '../registry.ts';
import { planPictures } from './plan.ts';
import { readPreprocessor } from './preprocessor.ts';
import { fillPictures } from './tensors.ts';

const PIXELS = 'pixel_values';
const MASK = 'pixel_mask';
/** The sides of a mask where the model leaves them open, as in transformers.js. */
const MASK_SIDE = 64;

/** Makes numbers of pictures, and of a model as it is published one that answers the task. */
export async function preparePictures(
  model: OnnxModel,
  files: readonly InputFile[],
  given: TaskSettings & { options: { name: PictureTaskName } } & Pick<JobOptions, 'skipBadFiles'>,
): Promise<Result<Prepared>> {
  const { options, settings } = given;
  const task = PICTURES[options.name];
  const refused = checkOptions(options) ?? checkInputs(model);
  if (refused !== undefined) return refused;
  const config = readPreprocessor(settings);
  if (!config.ok) return config;
  const plan = planPictures(config.value);
  if (!plan.ok) return plan;
  const headed = task.addHead(model, { options, settings });
  if (!headed.ok) return headed;
  const sorted = sortFiles(files);
  const [mixed] = sorted.tensors;
  if (mixed !== undefined) {
    const message = `${mixed.file.name} holds no picture, and ${options.name} takes pictures; send PNG, JPEG, WebP, GIF or AVIF`;
    return refuse('input-format', message, mixed.file.name);
  }
  const filled = await fillPictures(sorted.pictures, plan.value);
  if (!filled.ok) return filled;
  const { tensor, names, sizes, bad } = filled.value;
  const leftOut = leaveOut([...sorted.bad, ...bad], names.length, given);
  if (!leftOut.ok) return leftOut;
  if (names.length === 0) return refuse('input-empty', 'no pictures were sent; send at least one');
  const tensors = new Map([[PIXELS, tensor]]);
  const mask = inputsOf(model).find(({ name }) => name === MASK);
  if (mask !== undefined) tensors.set(MASK, fillMask(mask, names.length));
  return accept({
    ...{ model: headed.value, tensors, notes: [], names, leftOut: leftOut.value },
    ...(task.isSized?.(options) === true && { sizes }),
  });
}

/** Makes numbers of pictures for a job that has its model already: `specs` are the inputs of that. */
export async function readPictures(
  files: readonly InputFile[],
  specs: readonly TensorSpec[],
  { settings }: TaskSettings,
): Promise<Result<Map<string, Tensor>>> {
  const config = readPreprocessor(settings);
  if (!config.ok) return config;
  const plan = planPictures(config.value);
  if (!plan.ok) return plan;
  const { pictures, tensors, bad } = sortFiles(files);
  const [other] = tensors;
  if (other !== undefined) {
    return refuse('input-format', `${other.file.name} holds no picture`, other.file.name);
  }
  const filled = await fillPictures(pictures, plan.value);
  if (!filled.ok) return filled;
  const [fault, ...faults] = [...bad, ...filled.value.bad];
  if (fault !== undefined) return refuseFiles([fault, ...faults]);
  const [, ...sides] = specs.find(({ name }) => name === MASK)?.shape ?? [];
  const read = new Map([[PIXELS, filled.value.tensor]]);
  if (sides.length > 0) read.set(MASK, onesOf([pictures.length, ...sides]));
  return accept(read);
}

const inputsOf = ({ graph }: OnnxModel): OnnxValue[] => {
  const constants = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.filter(({ name }) => !constants.has(name));
};

const dimsOf = ({ type }: OnnxValue) => (type.kind === 'tensor' ? type.dims : undefined) ?? [];
const dtypeOf = ({ type }: OnnxValue) =>
  type.kind === 'tensor' ? dtypeOfOnnx(type.dataType) : undefined;

/** Refuses a model that takes something else than pictures. */
function checkInputs(model: OnnxModel): Result<never> | undefined {
  const inputs = inputsOf(model);
  const odd = inputs.find(
    (input) =>
      !(input.name === PIXELS && dimsOf(input).length === 4 && dtypeOf(input) === 'f32') &&
      !(input.name === MASK && dtypeOf(input) === 'i64'),
  );
  if (odd === undefined && inputs.some(({ name }) => name === PIXELS)) return undefined;
  const what =
    odd === undefined ? 'no input' : `an input "${odd.name}" [${dimsOf(odd).join(', ')}]`;
  const message = `The model has ${what}, and a model of pictures takes pixel_values, 32-bit floats [batch, channels, height, width]. Send one exported for this task, or tensors without a task.`;
  return refuse('model-inputs-mismatch', message, odd?.name);
}

/** A mask that says that all of each picture is one. */
function fillMask(input: OnnxValue, items: number): Tensor {
  const sides = dimsOf(input)
    .slice(1)
    .map((dim) => (typeof dim === 'number' && dim > 0 ? dim : MASK_SIDE));
  return onesOf([items, ...sides]);
}

function onesOf(shape: readonly number[]): Tensor {
  const data = new Uint8Array(new BigInt64Array(elementCount(shape)).fill(1n).buffer);
  return { dtype: 'i64', shape: [...shape], data };
}
