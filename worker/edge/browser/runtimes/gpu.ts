import glue from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url';
import parts from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?parts';
import type { RuntimeFiles } from '../runtime-download.ts';

/** The build for what runs on a GPU. */
export const gpu: RuntimeFiles = { parts, glue };
