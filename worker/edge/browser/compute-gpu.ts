import * as ort from 'onnxruntime-web/jspi';
import { gpu } from './runtimes/gpu.ts';
import { serveCompute } from './serve-compute.ts';

serveCompute(ort, gpu);
