import { hash } from 'node:crypto';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import { digestUnits, itemSpecs, splitItems } from '#protocol/tensors/unit-bytes.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { RecutInputs } from '../../core/state/events.ts';
import type { ItemCut } from '../../core/state/facts.ts';
import type { BlobStore } from '../blobs/port.ts';
import { UNITS_BYTES_MAX } from './units.ts';

/** Units read at once, in bytes; one unit at least. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Cuts units of several items into units of one, without holding them in memory; only the digests
 * are held. What filled up the last unit is left out.
 */
export async function recutItems(
  blobs: Pick<BlobStore, 'put' | 'stream'>,
  cut: ItemCut,
): Promise<Result<RecutInputs>> {
  const { inputs, items } = cut;
  const digestBytes = new Uint8Array(items * DIGEST_BYTES);
  if (digestBytes.length > UNITS_BYTES_MAX) {
    const message = `${items} items are too many for units of one item each, which this model needs`;
    return refuse('input-too-big', `${message}; post them as several jobs`);
  }
  const source = await blobs.stream(inputs.root, 0, inputs.length);
  if (!source.ok) return source;
  const units = await blobs.put(splitAll(source.value, cut, digestBytes), UNITS_BYTES_MAX);
  if (!units.ok) return units;
  const digests = await blobs.put(digestBytes, UNITS_BYTES_MAX);
  if (!digests.ok) return digests;
  return accept({ inputs: units.value, inputDigests: digests.value, digestBytes });
}

/** The items of a blob of units, many at a time; fills in their digests as they pass. */
async function* splitAll(
  source: AsyncIterable<Uint8Array>,
  { specs, items }: ItemCut,
  digestBytes: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const size = unitBytes(specs);
  const one = itemSpecs(specs);
  let [done, filled] = [0, 0];
  const batch = new Uint8Array(Math.max(1, Math.floor(BATCH_BYTES / size)) * size);
  const splitBatch = () => {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < filled; at += size)
      parts.push(splitItems(specs, batch.subarray(at, at + size)));
    const all = Buffer.concat(parts).subarray(0, (items - done) * unitBytes(one));
    const digests = digestUnits(one, all, (unit) => hash('sha256', unit, 'buffer'));
    digestBytes.set(digests, done * DIGEST_BYTES);
    done += digests.length / DIGEST_BYTES;
    filled = 0;
    return all;
  };
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + batch.length - filled);
      batch.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled === batch.length) yield splitBatch();
    }
  }
  if (filled > 0) yield splitBatch();
}
