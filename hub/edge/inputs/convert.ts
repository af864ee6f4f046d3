import type { JobOptions } from '#protocol/api/job.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import { blameFile, leaveOut, refuseFiles } from './file-faults.ts';
import { type FittedItems, fitTensors } from './fit-tensors.ts';
import { planImages } from './image-shape.ts';
import { decodeImages } from './images.ts';
import { joinFiles } from './join-files.ts';
import type { InputFile } from './port.ts';
import { type SortedFiles, sortFiles } from './sort-files.ts';
import { decodeArrays, decodeTensorFile } from './tensor-files.ts';

/** What files hold for a model. */
export interface Converted extends FittedItems {
  /** The name of each item's file, where several came. */
  names?: string[];
  /** Bad files that were left out, as asked. */
  leftOut: FileFault[];
}

type Options = Pick<JobOptions, 'allowNan' | 'image' | 'skipBadFiles' | 'unitItems'>;

/**
 * Turns uploaded files, each opened as what its bytes are, into the tensors a model takes: pictures,
 * an item each, or files of one format with items each, in the order they were sent; or, for a model
 * of several inputs, one NPY file for each. All bad files are named; the others may be taken without
 * them. A dtype changes only where no number does. Refuses with the codes `input-…`, the file or the
 * tensor named in `path`, and with `model-inputs-mismatch` where the model and the data cannot meet.
 */
export async function convertInputs(
  files: readonly InputFile[],
  facts: ModelFacts,
  options: Options,
): Promise<Result<Converted>> {
  const sorted = sortFiles(files);
  const { pictures, tensors } = sorted;
  if (pictures.length > 0) return convertPictures(sorted, facts, options);
  const isOneEach = facts.inputs.length > 1 && tensors.some(({ format }) => format === 'npy');
  const [only] = files;
  if (files.length === 1 && only !== undefined)
    return blameFile(only.name, convertWhole(sorted, facts, options));
  return isOneEach ? convertWhole(sorted, facts, options) : convertMany(sorted, facts, options);
}

/** Files that belong together: none of them can be left out. */
function convertWhole(
  { tensors, bad }: SortedFiles,
  facts: ModelFacts,
  options: Options,
): Result<Converted> {
  const [fault, ...faults] = bad;
  if (fault !== undefined) return refuseFiles([fault, ...faults]);
  const [only] = tensors;
  const decoded =
    tensors.length === 1 && only !== undefined
      ? decodeTensorFile(only, facts.inputs)
      : decodeArrays(tensors);
  const fitted = decoded.ok ? fitTensors(decoded.value, facts, options) : decoded;
  return fitted.ok ? accept({ ...fitted.value, leftOut: [] }) : fitted;
}

function convertMany(sorted: SortedFiles, facts: ModelFacts, options: Options): Result<Converted> {
  const joined = joinFiles(sorted, facts, options);
  if (!joined.ok) return joined;
  const { items, files, names, bad } = joined.value;
  const leftOut = leaveOut(bad, files, options);
  return leftOut.ok ? accept({ ...items, names, leftOut: leftOut.value }) : leftOut;
}

async function convertPictures(
  { pictures, tensors: [mixed], bad }: SortedFiles,
  facts: ModelFacts,
  options: Options,
): Promise<Result<Converted>> {
  if (mixed !== undefined) {
    const message = 'pictures and tensors came together; send either, or make a job of each';
    return refuse('input-format', message, mixed.file.name);
  }
  const plan = planImages(facts.inputs, options.image);
  if (!plan.ok) return plan;
  const decoded = await decodeImages(pictures, plan.value);
  if (!decoded.ok) return decoded;
  const { tensor, names } = decoded.value;
  const leftOut = leaveOut([...bad, ...decoded.value.bad], names.length, options);
  if (!leftOut.ok) return leftOut;
  const fitted = fitTensors(new Map([[plan.value.name, tensor]]), facts, options);
  return fitted.ok ? accept({ ...fitted.value, names, leftOut: leftOut.value }) : fitted;
}
