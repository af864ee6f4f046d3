import { describe, expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { elementCount } from '#protocol/tensors/tensor.ts';
import { KERNELS } from './kernels.ts';
import { openModel } from './session.ts';

describe.each(Object.entries(KERNELS))('kernel model %s', (_name, kernel) => {
  it('runs, and gives outputs of the declared shapes that are finite and differ by item', async () => {
    const { model } = kernel.build(5);
    const { x } = kernel.inputs(5, 2);
    const session = await openModel(model);
    const data = new Float32Array(Uint8Array.from(x.data).buffer);
    const outputs = await session.run({ x: { data, shape: [...x.shape] } });
    await session.close();
    const decoded = decodeOnnx(model);
    if (!decoded.ok) throw new Error(decoded.refusal.message);
    for (const { name, type } of decoded.value.graph.outputs) {
      const [, ...item] = (type.kind === 'tensor' && type.dims) || [];
      const values = outputs[name] ?? new Float32Array();
      const length = elementCount(item as number[]);
      expect(values, name).toHaveLength(2 * length);
      expect(values.every(Number.isFinite), name).toBe(true);
      expect(values.subarray(0, length), name).not.toEqual(values.subarray(length));
    }
  });

  it('repeats from a seed', () => {
    expect(Buffer.compare(kernel.build(3).model, kernel.build(3).model)).toBe(0);
    expect(Buffer.compare(kernel.inputs(3, 2).x.data, kernel.inputs(3, 2).x.data)).toBe(0);
    expect(Buffer.compare(kernel.inputs(3, 2).x.data, kernel.inputs(4, 2).x.data)).not.toBe(0);
  });
});
