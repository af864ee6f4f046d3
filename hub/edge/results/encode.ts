import { encodeNpy } from '#protocol/tensors/npy.ts';
import { encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import {
  itemShape,
  specBytes,
  type Tensor,
  type TensorSpec,
  unitBytes,
} from '#protocol/tensors/tensor.ts';
import { encodeTensorLines } from '#protocol/tensors/tensor-lines.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { ShardOutputs } from '../store/port.ts';

/** What one answer may hold; a longer range is asked for in parts. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** Formats of results, each with its media type. */
export const RESULT_TYPES = {
  safetensors: 'application/vnd.safetensors',
  npy: 'application/x-npy',
  jsonl: 'application/jsonl',
} as const;
export type ResultFormat = keyof typeof RESULT_TYPES;

/** Units of a job, from `from` to before `to`. */
export interface ResultRange {
  /** Items [from, to) of the job, which has `items`. */
  from: number;
  to: number;
  items: number;
  unitItems: number;
  format: ResultFormat;
  /** Only this output; needed for `npy` where the model has several. */
  output?: string;
}

/**
 * The outputs of a range of items, in input order, without what filled the last unit up. `shards`
 * are those that overlap the range, in order of sequence; where two hold a unit the first one
 * counts. Refuses with `range-invalid`, `job-state` while units are missing, or `request-invalid`.
 */
export function encodeResults(
  outputs: readonly TensorSpec[],
  shards: readonly Pick<ShardOutputs, 'shard' | 'outputs'>[],
  range: ResultRange,
): Result<Uint8Array> {
  const { from, to, items, format } = range;
  const whole = Number.isSafeInteger(from) && Number.isSafeInteger(to);
  if (!whole || from < 0 || to <= from || to > items) {
    const message = `the job has items 0 to ${items}; ask for 0 ≤ from < to ≤ ${items}`;
    return refuse('range-invalid', message);
  }
  const chosen = chooseOutputs(outputs, range);
  if (!chosen.ok) return chosen;
  const tensors = cutItems(outputs, chosen.value, { shards, range });
  if (!tensors.ok) return tensors;
  switch (format) {
    case 'safetensors':
      return accept(encodeSafetensors(tensors.value));
    case 'jsonl':
      return accept(new TextEncoder().encode(encodeTensorLines(tensors.value)));
    case 'npy': {
      const [tensor] = tensors.value.values();
      return tensor === undefined
        ? refuse('request-invalid', 'the job has no outputs')
        : accept(encodeNpy(tensor));
    }
  }
}

function chooseOutputs(outputs: readonly TensorSpec[], range: ResultRange): Result<TensorSpec[]> {
  const names = outputs.map((spec) => spec.name).join(', ');
  const chosen =
    range.output === undefined ? outputs : outputs.filter((spec) => spec.name === range.output);
  if (chosen.length === 0) {
    const message = `there is no output ${range.output}; the outputs are ${names}`;
    return refuse('request-invalid', message, 'output');
  }
  if (range.format === 'npy' && chosen.length > 1) {
    const message = `an NPY file holds one output; add output= with one of ${names}`;
    return refuse('request-invalid', message, 'output');
  }
  const { from, to, unitItems } = range;
  if (((to - from) * unitBytes(chosen)) / unitItems > ANSWER_BYTES_MAX) {
    const message = `the range holds more than ${ANSWER_BYTES_MAX} bytes; ask for fewer items at a time`;
    return refuse('range-invalid', message);
  }
  return accept([...chosen]);
}

function cutItems(
  outputs: readonly TensorSpec[],
  chosen: readonly TensorSpec[],
  source: { shards: readonly Pick<ShardOutputs, 'shard' | 'outputs'>[]; range: ResultRange },
): Result<Map<string, Tensor>> {
  const { from, to, unitItems } = source.range;
  const perUnit = unitBytes(outputs);
  const columns = outputs.map((spec, index) => ({
    spec,
    offset: unitBytes(outputs.slice(0, index)),
    itemBytes: specBytes(spec) / unitItems,
    data: new Uint8Array(chosen.includes(spec) ? ((to - from) * specBytes(spec)) / unitItems : 0),
  }));
  const kept = columns.filter(({ spec }) => chosen.includes(spec));
  const units = indexUnits(source.shards);
  for (let unit = Math.floor(from / unitItems); unit * unitItems < to; unit += 1) {
    const found = units.get(unit);
    if (found === undefined) return notYet(unit, source.range);
    const bytes = found.outputs.subarray(found.place * perUnit, (found.place + 1) * perUnit);
    const start = Math.max(from, unit * unitItems);
    const end = Math.min(to, (unit + 1) * unitItems);
    for (const { offset, itemBytes, data } of kept) {
      const first = offset + (start - unit * unitItems) * itemBytes;
      const part = bytes.subarray(first, first + (end - start) * itemBytes);
      data.set(part, (start - from) * itemBytes);
    }
  }
  return accept(
    new Map(
      kept.map(({ spec, data }) => [
        spec.name,
        { dtype: spec.dtype, shape: [to - from, ...itemShape(spec.shape, unitItems)], data },
      ]),
    ),
  );
}

/** Where each unit's bytes are; the shard of the lowest sequence was the one that delivered it. */
function indexUnits(shards: readonly Pick<ShardOutputs, 'shard' | 'outputs'>[]) {
  const units = new Map<number, { outputs: Uint8Array; place: number }>();
  for (const { shard, outputs } of shards) {
    for (let place = 0; place < shard.unitCount; place += 1) {
      const unit = shard.firstUnit + place;
      if (!units.has(unit)) units.set(unit, { outputs, place });
    }
  }
  return units;
}

function notYet(unit: number, { unitItems, items }: ResultRange): Result<never> {
  const first = unit * unitItems;
  const last = Math.min(items, first + unitItems) - 1;
  const message = `items ${first} to ${last} are not computed yet; ask for others, or follow the job's events until it is done`;
  return refuse('job-state', message);
}
