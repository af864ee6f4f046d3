import type { Dtype, Tensor } from '#protocol/tensors/tensor.ts';
import { type FileFault, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { FailedUnit } from '../../core/state/job.ts';
import type { ResultRange } from './range.ts';

/** Items of a range that failed, by their number in the job, in order. */
export type Failures = ReadonlyMap<number, Refusal>;

/** Items of a range that failed, each with why. */
export function listFailures(
  failed: ReadonlyMap<number, FailedUnit>,
  { from, to, unitItems }: ResultRange,
): Failures {
  const found: [number, Refusal][] = [];
  for (const [unit, { failed: groups }] of failed) {
    for (const { places, text } of groups) {
      for (const place of places) {
        const item = unit * unitItems + place;
        if (item >= from && item < to) found.push([item, refusal('item-failed', text)]);
      }
    }
  }
  return new Map(found.sort(([a], [b]) => a - b));
}

/** A line for each item that failed: its number in the job, and why. */
export const encodeErrors = (failures: Failures): string =>
  toLines([...failures].map(([item, error]) => ({ item, error })));

/** A line for each file that was left out: its name, and why. */
export const encodeFaults = (leftOut: readonly FileFault[] = []): string =>
  toLines(leftOut.map(({ name, ...error }) => ({ file: name, error })));

/** One line of JSON for each value. */
export const toLines = (values: readonly object[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** One for each item that failed, 0 for the others. */
export function maskOf(failures: Failures, { from, to }: ResultRange): Tensor {
  const data = new Uint8Array(to - from);
  for (const item of failures.keys()) data[item - from] = 1;
  return { dtype: 'bool', shape: [to - from], data };
}

/** What stands in a mended unit for an item is no result of it: NaN in floats, 0 in the rest. */
export function blankItem(dtype: Dtype, row: Uint8Array): void {
  const nan = NANS.get(dtype) ?? [0];
  for (let at = 0; at < row.length; at += 1) row[at] = nan[at % nan.length] ?? 0;
}

/** The quiet NaN of each float, little-endian. */
const NANS: ReadonlyMap<Dtype, readonly number[]> = new Map([
  ['f16', [0, 0x7e]],
  ['f32', [0, 0, 0xc0, 0x7f]],
  ['f64', [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]],
]);
