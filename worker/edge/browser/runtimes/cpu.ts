import glue from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import parts from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?parts';
import type { RuntimeFiles } from '../runtime-download.ts';

/** The build for wasm. */
export const cpu: RuntimeFiles = { parts, glue };
