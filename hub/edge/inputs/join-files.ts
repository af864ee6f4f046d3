import { hash } from 'node:crypto';
import type { JobOptions } from '#protocol/api/job.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { accept, type FileFault, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ModelFacts } from '../../core/models/check.ts';
import { faultOf, refuseFiles } from './file-faults.ts';
import { type FittedItems, fitTensors } from './fit-tensors.ts';
import type { SortedFiles, TensorFile } from './sort-files.ts';
import { decodeTensorFile } from './tensor-files.ts';
import { UNITS_BYTES_MAX } from './units.ts';

/** Items of several files, one file after the other, and the files that do not belong to them. */
export interface JoinedFiles {
  items: FittedItems;
  /** How many files they came in. */
  files: number;
  /** The name of each item's file. */
  names: string[];
  bad: FileFault[];
}

interface Part {
  name: string;
  items: FittedItems;
  /** Parts of one form make one job. */
  form: string;
}

/**
 * Reads files that hold items each. Where their items differ in shape, those of the shape that most
 * files have are taken. `foreign` are files that hold none; where no other is left, all are refused.
 */
export function joinFiles(
  { tensors: files, bad: foreign }: SortedFiles,
  facts: ModelFacts,
  options: Pick<JobOptions, 'allowNan' | 'unitItems'>,
): Result<JoinedFiles> {
  const mixed = files.find(({ format }) => format !== files[0]?.format);
  if (mixed !== undefined) {
    const message = `${mixed.file.name} is ${mixed.format} and ${files[0]?.file.name} ${files[0]?.format}; send files of one format, or make a job of each`;
    return refuse('input-format', message, mixed.file.name);
  }
  const parts: Part[] = [];
  const bad = [...foreign];
  let bytesLeft = UNITS_BYTES_MAX;
  for (const file of files) {
    const { name } = file.file;
    const items = readItems(file, facts, { ...options, bytesMax: bytesLeft });
    if (!items.ok) {
      bad.push(faultOf(name, items.refusal));
      continue;
    }
    bytesLeft -= sizeOf(items.value);
    if (bytesLeft < 0) {
      const message = `the files make more than ${UNITS_BYTES_MAX} bytes of tensors; post them as several jobs`;
      return refuse('input-too-big', message, name);
    }
    parts.push({ name, items: items.value, form: formOf(items.value) });
  }
  const taken = chooseForm(parts, bad);
  const [first] = taken;
  if (first === undefined) return refuseAll(bad);
  const names = taken.flatMap(({ name, items }) => Array.from({ length: items.items }, () => name));
  return accept({ items: joinItems(first.items, taken), files: taken.length, names, bad });
}

function refuseAll([first, ...others]: readonly FileFault[]): Result<never> {
  return first === undefined
    ? refuse('input-empty', 'no input file was sent; send at least one')
    : refuseFiles([first, ...others]);
}

function readItems(
  file: TensorFile,
  facts: ModelFacts,
  options: Pick<JobOptions, 'allowNan' | 'unitItems'> & { bytesMax: number },
): Result<FittedItems> {
  const decoded = decodeTensorFile(file, facts.inputs, options.bytesMax);
  if (!decoded.ok) return decoded;
  const [only, ...others] = facts.inputs;
  if (file.format === 'npy' && only?.axis === 0 && others.length === 0) {
    for (const [name, { shape, ...tensor }] of decoded.value) {
      // A file of its own may hold one item as it is.
      if (shape.length !== only.dims.length - 1) continue;
      decoded.value.set(name, { ...tensor, shape: [1, ...shape] });
    }
  }
  return fitTensors(decoded.value, facts, options);
}

const sizeOf = ({ tensors }: FittedItems): number =>
  [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);

function formOf({ specs, shared }: FittedItems): string {
  const digests = [...shared].map(([name, { data }]) => [name, hash('sha256', data)]);
  return JSON.stringify([specs, digests]);
}

/** The parts of the form that most have; the others are bad files. */
function chooseForm(parts: readonly Part[], bad: FileFault[]): Part[] {
  const counts = new Map<string, number>();
  for (const { form } of parts) counts.set(form, (counts.get(form) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const usual = parts.find(({ form }) => counts.get(form) === most);
  for (const { name, items, form } of parts) {
    if (usual === undefined || form === usual.form) continue;
    const [own, theirs] = [showShapes(items), showShapes(usual.items)];
    const differs =
      own === theirs
        ? `other values than ${usual.name} for what all items share`
        : `items of ${own}, and ${usual.name} of ${theirs}`;
    const message = `${name} has ${differs}: items of one job have one form, so pad them, or make a job of each`;
    bad.push(faultOf(name, { code: 'input-shape', message }));
  }
  return parts.filter(({ form }) => form === usual?.form);
}

const showShapes = ({ tensors }: FittedItems): string =>
  [...tensors].map(([name, { shape }]) => `${name} [${shape.slice(1).join(', ')}]`).join(', ');

function joinItems(first: FittedItems, parts: readonly Part[]): FittedItems {
  const items = parts.reduce((sum, part) => sum + part.items.items, 0);
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape }] of first.tensors) {
    const data = Buffer.concat(parts.map((part) => part.items.tensors.get(name)?.data ?? NONE));
    tensors.set(name, { dtype, shape: [items, ...shape.slice(1)], data });
  }
  return { ...first, items, tensors };
}

const NONE = new Uint8Array(0);
