import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import { serveCompute } from './serve-compute.ts';

// Without the URLs the glue is bundled into this worker and its threads run our own file again.
ort.env.wasm.wasmPaths = { mjs, wasm };
serveCompute(ort);
