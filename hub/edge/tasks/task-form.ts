import type { JobOptions } from '#protocol/api/job.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxModel } from '#protocol/onnx/model.ts';
import { isPictureTask, type TaskOptions } from '#protocol/tasks/task.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import type { Converted } from '../inputs/convert.ts';
import { fitTensors } from '../inputs/fit-tensors.ts';
import { assembleModel, type ModelFile } from '../inputs/model-file.ts';
import type { InputFile } from '../inputs/port.ts';
import { preparePictures } from './pictures/prepare.ts';
import type { Prepared, TaskSettings } from './port.ts';
import { openRepository, type Settings } from './repository.ts';
import { prepareTexts } from './texts/prepare.ts';
import { readTexts } from './texts.ts';

/** A model made for a task, and how its inputs become tensors. */
export interface TaskForm extends ModelFile {
  task: TaskSettings;
  convert(facts: ModelFacts): Promise<Result<Converted>>;
}

type Options = JobOptions & { task: TaskOptions };

/** Options of jobs without a task. */
const FOREIGN = ['outputs', 'image', 'batchAxis', 'shared', 'taps'] as const;

/** Refuses an option of jobs without a task. */
export function refuseForeign(options: JobOptions): Result<never> | undefined {
  const foreign = FOREIGN.find((name) => options[name] !== undefined);
  if (foreign === undefined) return undefined;
  const message = `${foreign} is for jobs without a task, and a task makes its tensors itself; leave one of them out`;
  return refuse('request-invalid', message, foreign);
}

/** Refuses what is for files of one item each, in a task that takes lines. */
export function refuseSkipping({ skipBadFiles, task }: JobOptions): Result<never> | undefined {
  if (skipBadFiles === undefined) return undefined;
  const message = `skipBadFiles is for files that hold an item each, and ${task?.name} takes lines of texts; leave it out`;
  return refuse('request-invalid', message, 'skipBadFiles');
}

/**
 * Reads a form with a task: `files` are those of a model as it is published, `inputs` hold texts or
 * are pictures. Refuses with what is wrong with them.
 */
export async function readTaskForm(
  options: Options,
  files: readonly InputFile[],
  inputs: readonly InputFile[],
): Promise<Result<TaskForm>> {
  const foreign = refuseForeign(options);
  if (foreign !== undefined) return foreign;
  const repository = openRepository(files);
  if (!repository.ok) return repository;
  const { model, settings } = repository.value;
  const assembled = assembleModel(model);
  if (!assembled.ok) return assembled;
  const decoded = decodeOnnx(assembled.value.file);
  if (!decoded.ok) return decoded;
  const prepared = await prepare(decoded.value, inputs, { options, settings });
  if (!prepared.ok) return prepared;
  const { tensors, notes, names, leftOut = [], sizes } = prepared.value;
  return accept({
    file: encodeOnnx(prepared.value.model),
    notes,
    task: { options: options.task, settings: { ...settings, ...(sizes && { sizes }) } },
    async convert(facts) {
      const fitted = fitTensors(tensors, facts, options);
      return fitted.ok ? accept({ ...fitted.value, ...(names && { names }), leftOut }) : fitted;
    },
  });
}

/** Makes inputs and model ready, as texts or as pictures. */
async function prepare(
  model: OnnxModel,
  inputs: readonly InputFile[],
  { options, settings }: { options: Options; settings: Settings },
): Promise<Result<Prepared>> {
  const { task, skipBadFiles } = options;
  const { name } = task;
  if (name === 'text-generation') throw new TypeError('its jobs are made by makeTextJob');
  if (isPictureTask(name)) {
    return preparePictures(model, inputs, { options: { ...task, name }, settings, skipBadFiles });
  }
  const skipping = refuseSkipping(options);
  if (skipping !== undefined) return skipping;
  const items = readTexts(inputs);
  if (!items.ok) return items;
  return prepareTexts(model, items.value, { options: { ...task, name }, settings });
}
