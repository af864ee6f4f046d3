import { hash } from 'node:crypto';
import { specBytes, unitBytes } from '#protocol/tensors/tensor.ts';
import { digestUnits } from '#protocol/tensors/unit-bytes.ts';
import type { JobInputs } from './port.ts';

/**
 * Inputs of a job as units, and their digests: padding and wider dtypes make them longer than
 * files.
 */
export const UNITS_BYTES_MAX = 1024 * 1024 * 1024;

/**
 * Cuts items into units: each unit's tensors end to end in the order of the specs, unit after unit.
 * The last unit is filled up by repeating its last item. `digests` holds 32 bytes of SHA-256 a
 * unit. RangeError when a tensor is missing or its items are not as long as its spec says.
 */
export function packUnits({ items, unitItems, specs, tensors }: JobInputs): {
  bytes: Uint8Array<ArrayBuffer>;
  digests: Uint8Array<ArrayBuffer>;
} {
  const units = Math.ceil(items / unitItems);
  const columns = specs.map((spec) => {
    const data = tensors.get(spec.name)?.data;
    const itemBytes = specBytes(spec) / unitItems;
    if (data === undefined || data.length !== items * itemBytes) {
      throw new RangeError(`${spec.name}: ${data?.length} bytes are not ${items} × ${itemBytes}`);
    }
    return { data, itemBytes };
  });
  const bytes = new Uint8Array(units * unitBytes(specs));
  let offset = 0;
  for (let unit = 0; unit < units; unit += 1) {
    const first = unit * unitItems;
    const present = Math.min(unitItems, items - first);
    for (const { data, itemBytes } of columns) {
      const end = (first + present) * itemBytes;
      bytes.set(data.subarray(first * itemBytes, end), offset);
      offset += present * itemBytes;
      for (let fill = present; fill < unitItems; fill += 1) {
        bytes.set(data.subarray(end - itemBytes, end), offset);
        offset += itemBytes;
      }
    }
  }
  const digests = digestUnits(specs, bytes, (unit) => hash('sha256', unit, 'buffer'));
  return { bytes, digests };
}
