import glue from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import parts from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?parts';
import type { RuntimeFiles } from '../runtime-download.ts';

/** For browsers without WebAssembly.Suspending. */
export const gpuAsyncify: RuntimeFiles = { parts, glue };
