import type { ComputeReply } from '#protocol/messages/compute.ts';
import type { OpenComputePort } from '../ports.ts';

/** A compute worker of a browser: the small CPU build for wasm, a GPU build for the others. */
export const openComputePort: OpenComputePort = (provider, on) => {
  const worker = provider === 'wasm' ? openWasm() : openGpu();
  worker.onmessage = (event: MessageEvent<ComputeReply>) => on.reply(event.data);
  worker.onmessageerror = () => on.broken('the compute worker sent what cannot be read');
  worker.onerror = (event) => {
    event.preventDefault();
    // A script that could not be fetched leaves no message.
    if (event.message) on.broken(event.message);
    else on.broken('the program of the compute worker could not be fetched', 'download-failed');
  };
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    terminate: () => worker.terminate(),
  };
};

const openWasm = (): Worker =>
  new Worker(new URL('./compute-wasm.ts', import.meta.url), {
    type: 'module',
    name: 'compute-wasm',
  });

const openGpu = (): Worker =>
  'Suspending' in WebAssembly
    ? new Worker(new URL('./compute-gpu.ts', import.meta.url), {
        type: 'module',
        name: 'compute-gpu',
      })
    : new Worker(new URL('./compute-gpu-asyncify.ts', import.meta.url), {
        type: 'module',
        name: 'compute-gpu',
      });
