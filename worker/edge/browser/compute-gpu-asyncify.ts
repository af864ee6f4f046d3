import * as ort from 'onnxruntime-web/webgpu';
import { gpuAsyncify } from './runtimes/gpu-asyncify.ts';
import { serveCompute } from './serve-compute.ts';

// Larger and slower than `compute-gpu.ts`.
serveCompute(ort, gpuAsyncify);
