import { decodeOnnxInputs } from '#protocol/onnx/decode.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';

/**
 * Names of an ONNX model's free dimensions and the sizes they take under `inputs`, for ORT's
 * `freeDimensionOverrides`. A model that cannot be read has none: the runtime says what is wrong.
 */
export function freeDimensions(
  model: Uint8Array,
  inputs: readonly TensorSpec[],
): Record<string, number> {
  const found: Record<string, number> = {};
  const values = decodeOnnxInputs(model);
  for (const { name, type } of values.ok ? values.value : []) {
    const spec = inputs.find((candidate) => candidate.name === name);
    const dims = type.kind === 'tensor' ? (type.dims ?? []) : [];
    for (const [axis, dim] of dims.entries()) {
      const size = spec?.shape[axis];
      if (typeof dim === 'string' && dim !== '' && size !== undefined) found[dim] = size;
    }
  }
  return found;
}
