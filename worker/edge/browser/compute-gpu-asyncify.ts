import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import * as ort from 'onnxruntime-web/webgpu';
import { serveCompute } from './serve-compute.ts';

// For browsers without WebAssembly.Suspending: larger and slower than `compute-gpu.ts`.
ort.env.wasm.wasmPaths = { mjs, wasm };
serveCompute(ort);
