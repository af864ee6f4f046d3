import { sha256 } from '#protocol/bytes/digest.ts';
import type { CompiledRuntime, ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import { fault } from '#protocol/values/refusal.ts';
import { openCompute } from '../compute.ts';
import type { Runtime } from '../kinds/kind.ts';
import { hearPartition } from './partition.ts';
import { openRuntimeDownload, type RuntimeFiles } from './runtime-download.ts';

declare const self: DedicatedWorkerGlobalScope;

type BrowserRuntime = Runtime & {
  env: { wasm: { wasmPaths?: unknown; wasmBinary?: ArrayBufferLike | Uint8Array } };
};

/** Joins a bundle of the runtime to the messages of this compute worker. */
export function serveCompute(runtime: BrowserRuntime, files: RuntimeFiles): void {
  // Without its URL the glue is bundled into this worker and its threads run our own file again.
  runtime.env.wasm.wasmPaths = { mjs: files.glue };
  let isReady = false;
  const compute = openCompute({
    runtime,
    async prepare({ compiled }) {
      if (isReady) return;
      await import(/* @vite-ignore */ files.glue).catch(() => {
        throw fault('download-failed', 'the program of the runtime could not be fetched');
      });
      useCompiled(runtime, compiled ?? (await openRuntimeDownload(files).run(() => undefined)));
      isReady = true;
    },
    digest: sha256,
    reply: (message: ComputeReply, transfer) => self.postMessage(message, transfer),
    clock: () => performance.now(),
    lookUp: openLookUp(),
    hearPartition,
  });
  self.onmessage = (event: MessageEvent<ComputeRequest>) => compute(event.data);
}

/** Goes once around the worker's event loop; a timer would wait for 4 ms. */
function openLookUp(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return () =>
    new Promise((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    });
}

/**
 * Has the runtime take a compiled module. It asks for bytes alone and would compile them in each worker
 * anew: seconds on a phone. Nothing else in this worker instantiates.
 */
function useCompiled(runtime: BrowserRuntime, compiled: CompiledRuntime): void {
  const module = compiled as WebAssembly.Module;
  const { instantiate } = WebAssembly;
  runtime.env.wasm.wasmBinary = new Uint8Array(1);
  const given = async (_: BufferSource, imports: WebAssembly.Imports) => ({
    module,
    instance: await instantiate(module, imports),
  });
  Object.assign(WebAssembly, { instantiate: given });
}
