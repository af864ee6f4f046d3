import { concatBytes } from '#protocol/bytes/digest.ts';
import { itemShape, specBytes, type Tensor, unitBytes } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import { type Job, partOf } from '../../core/hub.ts';
import type { BlobStore } from '../blobs/port.ts';

/** Reads what a model was given for the items from `from` to before `to`, by input, items first. */
export async function readGiven(
  blobs: Pick<BlobStore, 'read'>,
  job: Job,
  [from, to]: readonly [number, number],
): Promise<Map<string, Tensor>> {
  const { unitItems, inputs: specs } = job.record.draft.runtime;
  const length = unitBytes(specs);
  const [first, end] = [Math.floor(from / unitItems), Math.ceil(to / unitItems)];
  const bytes = await readUnits(blobs, job, { first, end, length });
  let offset = 0;
  const tensors = specs.map((spec): [string, Tensor] => {
    const itemBytes = specBytes(spec) / unitItems;
    const data = new Uint8Array((to - from) * itemBytes);
    for (let item = from; item < to; item += 1) {
      const unit = Math.floor(item / unitItems);
      const start = (unit - first) * length + offset + (item - unit * unitItems) * itemBytes;
      data.set(bytes.subarray(start, start + itemBytes), (item - from) * itemBytes);
    }
    offset += specBytes(spec);
    const shape = [to - from, ...itemShape(spec.shape, unitItems)];
    return [spec.name, { dtype: spec.dtype, shape, data }];
  });
  return new Map(tensors);
}

/** The units [first, end) as they were posted, or added. */
async function readUnits(
  blobs: Pick<BlobStore, 'read'>,
  job: Job,
  { first, end, length }: { first: number; end: number; length: number },
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let unit = first; unit < end; ) {
    const { root, firstUnit = 0, end: partEnd } = partOf(job, unit);
    const next = Math.min(end, partEnd);
    parts.push(must(await blobs.read(root, (unit - firstUnit) * length, (next - unit) * length)));
    unit = next;
  }
  return concatBytes(...parts);
}
