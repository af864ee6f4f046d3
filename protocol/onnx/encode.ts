import { model } from './format.ts';
import type { OnnxModel } from './model.ts';
import { PbfWriter } from './wire.ts';

/**
 * Encodes a model; the same model always gives the same bytes. Throws a
 * `PocketgridError` (`model-format`) for an integer past 2^53, which a double cannot have held
 * exactly; the ends of 64 bits are kept.
 */
export function encodeOnnx(whole: OnnxModel): Uint8Array {
  // Room for the tensors at once: growing by doubling would copy the weights several times.
  const weights = whole.graph.initializers.reduce((sum, tensor) => sum + tensor.data.length, 0);
  const writer = new PbfWriter(new Uint8Array(weights + 64 * 1024));
  model.write(whole, writer);
  return writer.finish();
}
