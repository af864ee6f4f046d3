import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import * as ort from 'onnxruntime-web/wasm';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import { openCompute } from '../compute.ts';
import { meterHeap } from './heap-meter.ts';

/**
 * The compute worker of Node: the exact lane, wasm only. Started through `compute-entry.mjs`, since
 * Node does not carry tsx over into a worker thread. Speaks `protocol/messages/compute.ts`.
 */
const port = parentPort;
if (port === null) throw new Error('compute.ts runs as a worker thread; start compute-entry.mjs');

const compute = openCompute({
  runtime: ort,
  digest: (bytes) => createHash('sha256').update(bytes).digest(),
  heapBytes: meterHeap(),
  reply: (message: ComputeReply, transfer) => port.postMessage(message, transfer),
  clock: () => performance.now(),
});
port.on('message', (request: ComputeRequest) => compute(request));
