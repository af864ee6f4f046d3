import * as ort from 'onnxruntime-web/wasm';
import { cpu } from './runtimes/cpu.ts';
import { serveCompute } from './serve-compute.ts';

serveCompute(ort, cpu);
