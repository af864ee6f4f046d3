import { Worker } from 'node:worker_threads';
import type { ComputeReply } from '#protocol/messages/compute.ts';
import type { OpenComputePort } from '../ports.ts';

const ENTRY = new URL('./compute-entry.mjs', import.meta.url);

/** A compute worker as a thread of this process; wasm only. */
export const openComputePort: OpenComputePort = (_provider, on) => {
  const worker = new Worker(ENTRY);
  worker.on('message', (reply: ComputeReply) => on.reply(reply));
  worker.on('messageerror', () => on.broken('the compute worker sent what cannot be read'));
  worker.on('error', (error: Error) => on.broken(error.message));
  worker.on('exit', (code) => on.broken(`the compute worker ended with code ${code}`));
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    terminate: () => void worker.terminate(),
  };
};
