import type { JobOptions } from '#protocol/api/job.ts';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import type { Converted } from '../inputs/convert.ts';
import { fitTensors } from '../inputs/fit-tensors.ts';
import { assembleModel, type ModelFile } from '../inputs/model-file.ts';
import type { InputFile } from '../inputs/port.ts';
import type { TaskSettings } from './answers.ts';
import { prepareTexts } from './prepare.ts';
import { openRepository } from './repository.ts';
import { readTexts } from './texts.ts';

/** A model made for a task, and how its texts become tensors. */
export interface TaskForm extends ModelFile {
  task: TaskSettings;
  convert(facts: ModelFacts): Promise<Result<Converted>>;
}

/** Options of jobs of tensors or pictures. */
const FOREIGN = ['outputs', 'image', 'batchAxis', 'shared', 'skipBadFiles', 'taps'] as const;

/**
 * Reads a form with a task: `files` are those of a model as it is published, `inputs` hold texts.
 * Refuses with what is wrong with them.
 */
export function readTaskForm(
  options: JobOptions & { task: TaskOptions },
  files: readonly InputFile[],
  inputs: readonly InputFile[],
): Result<TaskForm> {
  const foreign = FOREIGN.find((name) => options[name] !== undefined);
  if (foreign !== undefined) {
    const message = `${foreign} is for jobs of tensors or pictures, and a task makes its tensors itself; leave one of them out`;
    return refuse('request-invalid', message, foreign);
  }
  const repository = openRepository(files);
  if (!repository.ok) return repository;
  const { model, settings } = repository.value;
  const items = readTexts(inputs);
  if (!items.ok) return items;
  const assembled = assembleModel(model);
  if (!assembled.ok) return assembled;
  const decoded = decodeOnnx(assembled.value.file);
  if (!decoded.ok) return decoded;
  const prepared = prepareTexts(decoded.value, items.value, { options: options.task, settings });
  if (!prepared.ok) return prepared;
  const { tensors, notes } = prepared.value;
  return accept({
    file: encodeOnnx(prepared.value.model),
    notes,
    task: { options: options.task, settings },
    async convert(facts) {
      const fitted = fitTensors(tensors, facts, options);
      return fitted.ok ? accept({ ...fitted.value, leftOut: [] }) : fitted;
    },
  });
}
