import type { JobOptions } from '#protocol/api/job.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import { blameFile, faultOf, refuseFiles } from './file-faults.ts';
import { detectFormat, type InputFormat } from './format.ts';
import { planImages } from './image-shape.ts';
import { decodeImages } from './images.ts';
import { decodeLinesFile } from './lines-file.ts';
import type { InputFile } from './port.ts';
import { decodeTensorFiles } from './tensor-files.ts';

/** What files hold, before it is fitted to a model. */
export interface DecodedFiles {
  /** By the names their files give them. */
  tensors: Map<string, Tensor>;
  /** The name of each item's file, where each came in one of its own. */
  names?: string[];
  /** Names of bad files that were left out, as asked. */
  leftOut: string[];
}

/**
 * Opens files as what their bytes are. Bad ones are all named; pictures beside them may be taken
 * without them, since each is an item of its own.
 */
export async function decodeFiles(
  files: readonly InputFile[],
  { inputs }: ModelFacts,
  { image, skipBadFiles }: Pick<JobOptions, 'image' | 'skipBadFiles'>,
): Promise<Result<DecodedFiles>> {
  const pictures: InputFile[] = [];
  const others: { file: InputFile; format: Exclude<InputFormat, 'image'> }[] = [];
  const bad: FileFault[] = [];
  for (const file of files) {
    const format = detectFormat(file);
    if (!format.ok) bad.push(faultOf(file.name, format.refusal));
    else if (format.value === 'image') pictures.push(file);
    else others.push({ file, format: format.value });
  }
  if (pictures.length === 0) {
    const [first, ...more] = bad;
    if (first !== undefined) return refuseFiles([first, ...more]);
    const [lines] = others.length === 1 ? others : [];
    const tensors =
      lines?.format === 'jsonl'
        ? await decodeLinesFile(lines.file, inputs)
        : decodeTensorFiles(others);
    if (tensors.ok) return accept({ tensors: tensors.value, leftOut: [] });
    const [only] = files;
    return only !== undefined && files.length === 1 ? blameFile(only.name, tensors) : tensors;
  }
  const [mixed] = others;
  if (mixed !== undefined) {
    const message = 'pictures and tensors came together; send either, or make a job of each';
    return refuse('input-format', message, mixed.file.name);
  }
  const plan = planImages(inputs, image);
  if (!plan.ok) return plan;
  const decoded = await decodeImages(pictures, plan.value);
  if (!decoded.ok) return decoded;
  const { tensor, names } = decoded.value;
  const [first, ...more] = [...bad, ...decoded.value.bad];
  if (first !== undefined && (skipBadFiles !== true || names.length === 0)) {
    const way =
      names.length === 0 ? '' : `; with skipBadFiles the ${names.length} others are taken`;
    return refuseFiles([first, ...more], way);
  }
  const leftOut = first === undefined ? [] : [first, ...more].map(({ name }) => name);
  return accept({ tensors: new Map([[plan.value.name, tensor]]), names, leftOut });
}
