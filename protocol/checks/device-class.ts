import * as v from 'valibot';
import { digestRecord } from '../bytes/digest.ts';
import { GraphOptimization } from '../models/package.ts';
import { Dtype } from '../tensors/tensor.ts';
import { Digest, Root } from '../values/ids.ts';
import { Provider } from '../values/provider.ts';
import { Count } from '../values/units.ts';

const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(120));

/**
 * Devices that are honestly wrong in the same way: what the noise of a result depends on. Source:
 * reference/verification.md §3.5.
 */
export const DeviceClass = v.strictObject({
  model: Root,
  dtype: Dtype,
  provider: Provider,
  /** Vendor and architecture, as the adapter tells them; `cpu` for wasm. */
  adapter: Name,
  /** Browser engine and its major version, such as `chromium 156`. */
  engine: Name,
  /** SHA-256 of the runtime's wasm. */
  runtime: Digest,
  graphOptimization: GraphOptimization,
  threads: v.pipe(Count, v.minValue(1)),
  unitItems: v.pipe(Count, v.minValue(1)),
});
export type DeviceClass = v.InferOutput<typeof DeviceClass>;

/** Names a class of devices. */
export const digestClass = (each: DeviceClass): Digest => digestRecord(each);
