import { hash } from 'node:crypto';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { mendUnit } from '#protocol/tensors/unit-bytes.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { MendedUnit, UnitCut } from '../../core/state/facts.ts';
import type { BlobStore } from '../blobs/port.ts';

/** Puts a good item of a unit in the place of each failed one; the unit becomes a blob of its own. */
export async function mendInputs(
  blobs: Pick<BlobStore, 'put' | 'stream'>,
  { inputs, specs, unit, items, failed }: UnitCut,
): Promise<Result<MendedUnit>> {
  const size = unitBytes(specs);
  const source = await blobs.stream(inputs.root, unit * size, size);
  if (!source.ok) return source;
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.value) chunks.push(chunk);
  const mended = mendUnit(specs, Buffer.concat(chunks), { items, failed });
  if (mended === undefined)
    return refuse('internal', `unit ${unit} has no good item to mend it with`);
  const blob = await blobs.put(mended, size);
  if (!blob.ok) return blob;
  return accept({ blob: blob.value, digest: hash('sha256', mended, 'hex') as Digest });
}
