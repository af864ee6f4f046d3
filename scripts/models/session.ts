import * as ort from 'onnxruntime-web/wasm';
import type { Tensor } from '#protocol/tensors/tensor.ts';

type Values = Float32Array | BigInt64Array;

/** A model loaded on the wasm provider in this process, one thread: for tests of the generators. */
export interface LoadedModel {
  /** The outputs by name; only 32-bit float outputs. */
  run(
    inputs: Record<string, { data: Values; shape: number[] }>,
  ): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
}

export async function openModel(model: Uint8Array): Promise<LoadedModel> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  return {
    async run(inputs) {
      const feeds = Object.entries(inputs).map(([name, { data, shape }]) => [
        name,
        data instanceof Float32Array
          ? new ort.Tensor('float32', data, shape)
          : new ort.Tensor('int64', data, shape),
      ]);
      const outputs = Object.entries(await session.run(Object.fromEntries(feeds)));
      return Object.fromEntries(
        outputs.map(([name, { data }]) => {
          if (!(data instanceof Float32Array)) throw new TypeError(`${name} is not float32`);
          return [name, data];
        }),
      );
    },
    close: () => session.release(),
  };
}

const valuesOf = ({ dtype, shape, data }: Tensor) => ({
  shape: [...shape],
  data:
    dtype === 'i64'
      ? new BigInt64Array(Uint8Array.from(data).buffer)
      : new Float32Array(Uint8Array.from(data).buffer),
});

/** Loads a model, runs it once on these tensors and closes it. */
export async function runOnce(model: Uint8Array, inputs: Record<string, Tensor>) {
  const session = await openModel(model);
  const feeds = Object.entries(inputs).map(([name, tensor]) => [name, valuesOf(tensor)]);
  const outputs = await session.run(Object.fromEntries(feeds));
  await session.close();
  return outputs;
}
