import type { OnnxDimension } from '#protocol/onnx/model.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { showDims } from './batch.ts';
import type { ModelInput } from './check.ts';

/** An uploaded tensor and the input it is for. */
export interface Upload {
  input: ModelInput;
  /** Its name where it was uploaded. */
  source: string;
  shape: readonly number[];
}

/** How the items of an uploaded tensor are found. */
export interface Reading {
  items: number;
  /** The axis of the upload that counts items; undefined where it is one tensor for all items. */
  from: number | undefined;
  /** Shape of the model's input for one item. */
  shape: number[];
  /** Whether items may stand side by side in one input: on its first axis. */
  joins: boolean;
}

/**
 * How each upload is to be read, all with the same number of items. Items count the first axis, or
 * the axis that counts them in the model; an input without such an axis has a first axis more, or
 * comes once for all items.
 */
export function readUploads(uploads: readonly Upload[]): Result<Reading[]> {
  const all: Reading[][] = [];
  for (const upload of uploads) {
    const found = listReadings(upload);
    if (found.length === 0) return refuseShape(upload, 'the number of dimensions differs');
    all.push(found);
  }
  const sure = all.flatMap((found) => (found.length === 1 ? found : []));
  const counted = sure.find(({ from }) => from !== undefined);
  const chosen: Reading[] = [];
  for (const [place, found] of all.entries()) {
    const fitting = found.filter(({ items }) => counted === undefined || items === counted.items);
    const [reading, other] = fitting.length > 0 ? fitting : found;
    const upload = uploads[place];
    if (reading === undefined || upload === undefined) continue;
    if (other !== undefined) return refuseUnclear(upload);
    chosen.push(reading);
  }
  return checkItems(uploads, chosen);
}

function checkItems(uploads: readonly Upload[], readings: Reading[]): Result<Reading[]> {
  const [first] = readings.filter(({ from }) => from !== undefined);
  const at = readings.findIndex(
    ({ from, items }) => from !== undefined && (items === 0 || items !== first?.items),
  );
  const [odd, upload] = [readings[at], uploads[at]];
  if (first === undefined || odd === undefined || upload === undefined) return accept(readings);
  const { source, shape } = upload;
  if (odd.items === 0) {
    const message = `Tensor "${source}" has shape [${shape.join(', ')}], and so no items; there must be at least one. Upload the data as [items, …].`;
    return refuse('input-empty', message, source);
  }
  const other = uploads[readings.indexOf(first)];
  return refuse(
    'input-shape',
    `Tensor "${source}" has ${odd.items} items and "${other?.source}" has ${first.items}. Every input needs the same number of rows.`,
    source,
  );
}

function listReadings({ input: { dims, axis }, shape }: Upload): Reading[] {
  const { length } = dims;
  if (shape.length === length && axis === undefined) {
    return [{ items: 1, from: undefined, shape: [...shape], joins: false }];
  }
  const [items = 0, ...item] = shape;
  if (shape.length === length && axis === 0) {
    return [{ items, from: 0, shape: [1, ...item], joins: true }];
  }
  const fixed = axis === undefined || axis > 0 || typeof dims[0] === 'number';
  if (shape.length === length + 1 && fixed) {
    return [{ items, from: 0, shape: item, joins: false }];
  }
  if (shape.length !== length || axis === undefined) return [];
  const asModel = { items: shape[axis] ?? 0, from: axis, shape: shape.with(axis, 1), joins: false };
  const itemsFirst = { items, from: 0, shape: item.toSpliced(axis, 0, 1), joins: false };
  const both = [asModel, itemsFirst].filter((reading) => fits(dims, reading.shape, axis));
  const alike = items === 1 && asModel.items === 1;
  return both.length === 0 || alike ? [asModel] : both;
}

const fits = (dims: readonly OnnxDimension[], shape: readonly number[], axis: number) =>
  dims.every((size, at) => at === axis || typeof size === 'string' || size === shape[at]);

function refuseUnclear({ input: { name, dims, axis = 0 }, source, shape }: Upload): Result<never> {
  const whole = dims.map((size, at) => (at === axis ? 1 : (shape[at] ?? size)));
  const message = `Input "${name}" takes ${showDims(dims)} with the items on axis ${axis}, and "${source}" is [${shape.join(', ')}]: its items may be on axis 0 or ${axis}. Send it with an axis more, as [items, ${whole.join(', ')}].`;
  return refuse('input-shape', message, name);
}

/** Says what an input takes, what came, and why that does not fit. */
export function refuseShape({ input, source, shape }: Upload, why: string): Result<never> {
  const { name, dims, axis } = input;
  const way =
    axis === 0
      ? 'Reshape the data, the first dimension counting items.'
      : `Send it as [items, ${dims.map((size, at) => (at === axis ? 1 : size === '' ? '?' : size)).join(', ')}]${axis === undefined ? ', or once for all items' : ''}.`;
  const message = `Input "${name}" takes ${showDims(dims)} and "${source}" is [${shape.join(', ')}]: ${why}. ${way}`;
  return refuse('input-shape', message, name);
}
