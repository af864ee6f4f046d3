import type * as Runtime from 'onnxruntime-web/wasm';

/** One tensor as it travels between processes. */
export interface Plain {
  name: string;
  dtype: 'float32' | 'int64' | 'int32' | 'uint8' | 'bool';
  shape: number[];
  /** Little-endian bytes in base64. */
  data: string;
}

type Feeds = Record<string, Runtime.Tensor>;

/** Runs where the runtime is handed in: the same file serves a page and Node. */
export async function openModel(ort: typeof Runtime, model: Uint8Array) {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  return {
    feed: (inputs: readonly Plain[]): Feeds =>
      Object.fromEntries(inputs.map((input) => [input.name, toTensor(ort, input)])),
    run: (feeds: Feeds) => session.run(feeds),
  };
}

/** Output bytes of one run, tensors in the order of their names, in base64. */
export async function runOnce(
  ort: typeof Runtime,
  model: Uint8Array,
  inputs: readonly Plain[],
): Promise<string[]> {
  const opened = await openModel(ort, model);
  const outputs = await opened.run(opened.feed(inputs));
  return Object.keys(outputs)
    .sort()
    .map((name) => {
      const data = outputs[name]?.data as Float32Array;
      return encodeBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    });
}

function toTensor(ort: typeof Runtime, { dtype, shape, data }: Plain): Runtime.Tensor {
  const { buffer } = decodeBytes(data);
  switch (dtype) {
    case 'float32':
      return new ort.Tensor('float32', new Float32Array(buffer), shape);
    case 'int64':
      return new ort.Tensor('int64', new BigInt64Array(buffer), shape);
    case 'int32':
      return new ort.Tensor('int32', new Int32Array(buffer), shape);
    case 'uint8':
      return new ort.Tensor('uint8', new Uint8Array(buffer), shape);
    case 'bool':
      return new ort.Tensor('bool', new Uint8Array(buffer), shape);
  }
}

export function encodeBytes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

export function decodeBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
