import type * as Runtime from 'onnxruntime-web/wasm';

export type OrtRuntime = typeof Runtime;

/** One tensor as it travels between processes. */
export interface Plain {
  name: string;
  dtype: 'float32' | 'int64' | 'int32';
  shape: number[];
  /** Little-endian bytes in base64. */
  data: string;
}

/**
 * The runtime in a page or worker, as its package ships it; its threads load the files beside it.
 * `jspi` is the bundle that knows WebGPU.
 */
export async function loadRuntime(
  threads: number,
  bundle: 'wasm' | 'jspi' = 'wasm',
): Promise<OrtRuntime> {
  const url = `/ort/ort.${bundle}.min.mjs`;
  const ort = (await import(/* @vite-ignore */ url)) as OrtRuntime;
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = threads;
  return ort;
}

export const readBytes = async (url: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(url)).arrayBuffer());

export type Level = 'disabled' | 'basic' | 'extended' | 'all';

/** The exact lane: wasm alone, everything optimised, shapes fixed where `free` names dimensions. */
export const openModel = (
  ort: OrtRuntime,
  model: Uint8Array,
  { free = {}, level = 'all' }: { free?: Record<string, number>; level?: Level } = {},
): Promise<Runtime.InferenceSession> =>
  ort.InferenceSession.create(model, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: level,
    freeDimensionOverrides: free,
    logSeverityLevel: 3,
  });

export const feedOf = (ort: OrtRuntime, inputs: readonly Plain[]): Record<string, Runtime.Tensor> =>
  Object.fromEntries(inputs.map((input) => [input.name, toTensor(ort, input)]));

const toTensor = (ort: OrtRuntime, { dtype, shape, data }: Plain): Runtime.Tensor =>
  tensorOf(
    ort,
    Uint8Array.from(atob(data), (character) => character.charCodeAt(0)),
    { dtype, shape },
  );

/** A tensor over these bytes, which must be the whole of their buffer. */
export function tensorOf(
  ort: OrtRuntime,
  { buffer }: Uint8Array<ArrayBuffer>,
  { dtype, shape }: Pick<Plain, 'dtype' | 'shape'>,
): Runtime.Tensor {
  switch (dtype) {
    case 'float32':
      return new ort.Tensor(dtype, new Float32Array(buffer), shape);
    case 'int64':
      return new ort.Tensor(dtype, new BigInt64Array(buffer), shape);
    case 'int32':
      return new ort.Tensor(dtype, new Int32Array(buffer), shape);
  }
}

/** Base64, in pieces that fit a call. */
export function encodeBytes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
