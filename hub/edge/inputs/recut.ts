import { hash } from 'node:crypto';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import {
  digestUnits,
  itemSpecs,
  joinItems,
  resizeUnit,
  splitItems,
} from '#protocol/tensors/unit-bytes.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { RecutInputs } from '../../core/state/events.ts';
import type { ItemCut } from '../../core/state/facts.ts';
import type { BlobStore } from '../blobs/port.ts';
import { UNITS_BYTES_MAX } from './units.ts';

/** Units read at once, in bytes; one unit at least. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Makes units of another size of units of several items, without holding them in memory; only the
 * digests are held. What filled up the last unit is left out, and the new last one is filled up by
 * repeating its last item.
 */
export async function recutItems(
  blobs: Pick<BlobStore, 'put' | 'stream'>,
  cut: ItemCut,
): Promise<Result<RecutInputs>> {
  const { inputs, items, unitItems } = cut;
  const digestBytes = new Uint8Array(Math.ceil(items / unitItems) * DIGEST_BYTES);
  if (digestBytes.length > UNITS_BYTES_MAX) {
    const message = `${items} items are too many for units of ${unitItems}, which this model needs`;
    return refuse('input-too-big', `${message}; post them as several jobs`);
  }
  const source = await blobs.stream(inputs.root, 0, inputs.length);
  if (!source.ok) return source;
  const units = await blobs.put(resizeAll(source.value, cut, digestBytes), UNITS_BYTES_MAX);
  if (!units.ok) return units;
  const digests = await blobs.put(digestBytes, UNITS_BYTES_MAX);
  if (!digests.ok) return digests;
  return accept({ inputs: units.value, inputDigests: digests.value, digestBytes });
}

/** The new units, many at a time; fills in their digests as they pass. */
async function* resizeAll(
  source: AsyncIterable<Uint8Array>,
  cut: ItemCut,
  digestBytes: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const specs = resizeUnit(cut.specs, cut.unitItems);
  const size = unitBytes(specs);
  let digested = 0;
  const join = (items: Uint8Array): Uint8Array => {
    const units = Array.from({ length: items.length / size }, (_, at) =>
      joinItems(specs, items.subarray(at * size, (at + 1) * size)),
    );
    const all = Buffer.concat(units);
    const digests = digestUnits(specs, all, (unit) => hash('sha256', unit, 'buffer'));
    digestBytes.set(digests, digested);
    digested += digests.length;
    return all;
  };
  let rest = Buffer.alloc(0);
  for await (const items of splitAll(source, cut)) {
    const all = Buffer.concat([rest, items]);
    const whole = all.length - (all.length % size);
    rest = all.subarray(whole);
    if (whole > 0) yield join(all.subarray(0, whole));
  }
  if (rest.length === 0) return;
  const last = rest.subarray(rest.length - size / cut.unitItems);
  const missing = (size - rest.length) / last.length;
  yield join(Buffer.concat([rest, ...Array.from({ length: missing }, () => last)]));
}

/** The items of a blob of units, many at a time. */
async function* splitAll(
  source: AsyncIterable<Uint8Array>,
  { specs, items }: ItemCut,
): AsyncGenerator<Uint8Array> {
  const size = unitBytes(specs);
  const itemSize = unitBytes(itemSpecs(specs));
  let [done, filled] = [0, 0];
  const batch = new Uint8Array(Math.max(1, Math.floor(BATCH_BYTES / size)) * size);
  const splitBatch = () => {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < filled; at += size)
      parts.push(splitItems(specs, batch.subarray(at, at + size)));
    const all = Buffer.concat(parts).subarray(0, (items - done) * itemSize);
    done += all.length / itemSize;
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
