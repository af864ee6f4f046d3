import type { JobRecord } from '#protocol/api/job.ts';
import { itemShape, specBytes, type Tensor, unitBytes } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';

/** Reads what a model was given for the items from `from` to before `to`, by input, items first. */
export async function readGiven(
  blobs: Pick<BlobStore, 'read'>,
  { inputs, draft: { runtime } }: JobRecord,
  [from, to]: readonly [number, number],
): Promise<Map<string, Tensor>> {
  const { unitItems, inputs: specs } = runtime;
  const length = unitBytes(specs);
  const [first, end] = [Math.floor(from / unitItems), Math.ceil(to / unitItems)];
  const bytes = must(await blobs.read(inputs.root, first * length, (end - first) * length));
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
