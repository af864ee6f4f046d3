import type { JobOptions } from '#protocol/job.ts';
import { type Result, refuse } from '#protocol/refusal.ts';
import { checkTensors } from './check-tensors.ts';
import { detectFormat, type InputFormat } from './format.ts';
import { planImages } from './image-shape.ts';
import { decodeImages } from './images.ts';
import type { InputFile, JobInputs, ModelInput } from './port.ts';
import { decodeTensorFiles } from './tensor-files.ts';

interface DetectedFile<F extends InputFormat> {
  file: InputFile;
  format: F;
}

/**
 * Turns uploaded files into the tensors a model takes: one safetensors, NPZ or JSON Lines file, one
 * NPY file for each input, or any number of pictures, an item each, in the order they were sent.
 * Nothing is cast. Refuses with the codes `input-…`, the file or the tensor named in `path`.
 */
export async function convertInputs(
  files: readonly InputFile[],
  inputs: readonly ModelInput[],
  options: Pick<JobOptions, 'allowNan' | 'image'>,
): Promise<Result<JobInputs>> {
  const pictures: InputFile[] = [];
  const others: DetectedFile<Exclude<InputFormat, 'image'>>[] = [];
  for (const file of files) {
    const format = detectFormat(file);
    if (!format.ok) return format;
    if (format.value === 'image') pictures.push(file);
    else others.push({ file, format: format.value });
  }
  const allowNan = options.allowNan ?? false;
  if (pictures.length === 0) {
    const tensors = decodeTensorFiles(others, inputs);
    return tensors.ok ? checkTensors(inputs, tensors.value, allowNan) : tensors;
  }
  if (others.length > 0) {
    const message = 'pictures and tensors came together; send either, or make a job of each';
    return refuse('input-format', message, others[0]?.file.name);
  }
  const plan = planImages(inputs, options.image);
  if (!plan.ok) return plan;
  const tensor = await decodeImages(pictures, plan.value);
  if (!tensor.ok) return tensor;
  return checkTensors(inputs, new Map([[plan.value.name, tensor.value]]), allowNan);
}
