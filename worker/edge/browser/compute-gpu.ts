import * as ort from 'onnxruntime-web/jspi';
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';
import { serveCompute } from './serve-compute.ts';

ort.env.wasm.wasmPaths = { mjs, wasm };
serveCompute(ort);
