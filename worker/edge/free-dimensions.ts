import { decodeOnnxInputs } from '#protocol/onnx/decode.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';

/**
 * Names of an ONNX model's free dimensions and the sizes they take under `inputs`, for ORT's
 * `freeDimensionOverrides`. A name of two sizes names none. A model that cannot be read has none:
 * the runtime says what is wrong.
 */
export function freeDimensions(
  model: Uint8Array,
  inputs: readonly TensorSpec[],
): Record<string, number> {
  const found = new Map<string, number | undefined>();
  const values = decodeOnnxInputs(model);
  for (const { name, type } of values.ok ? values.value : []) {
    const spec = inputs.find((candidate) => candidate.name === name);
    const dims = type.kind === 'tensor' ? (type.dims ?? []) : [];
    for (const [axis, dim] of dims.entries()) {
      const size = spec?.shape[axis];
      if (typeof dim !== 'string' || dim === '' || size === undefined) continue;
      found.set(dim, found.has(dim) && found.get(dim) !== size ? undefined : size);
    }
  }
  return Object.fromEntries(
    [...found].flatMap(([dim, size]) => (size === undefined ? [] : [[dim, size]])),
  );
}
