import { Worker } from 'node:worker_threads';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';

/** The compute worker that contributors in Node and verifiers start, by its URL as they do. */
const ENTRY = new URL('../../worker/edge/node/compute-entry.mjs', import.meta.url);

export interface Compute {
  /** Units' inputs end to end; they are transferred. */
  run(inputs: Uint8Array<ArrayBuffer>, unitCount: number): Promise<void>;
  close(): Promise<void>;
}

/** A fresh worker with a model loaded on the exact lane, one thread. */
export async function openCompute(
  model: Uint8Array,
  inputs: readonly TensorSpec[],
): Promise<Compute> {
  const worker = new Worker(ENTRY);
  const ask = (request: ComputeRequest, transfer: ArrayBuffer[]) =>
    new Promise<void>((resolve, reject) => {
      const end = (act: () => void) => {
        worker.off('message', hear).off('error', reject);
        act();
      };
      const hear = (reply: ComputeReply) => {
        if (reply.type === 'progress') return;
        if (reply.type === 'failed') end(() => reject(new Error(reply.refusal.message)));
        else end(resolve);
      };
      worker.on('message', hear).on('error', reject);
      worker.postMessage(request, transfer);
    });
  const copy = new Uint8Array(model);
  const runtime = { kind: 'graph', graphOptimization: 'all', inputs } as const;
  const settings = { provider: 'wasm', threads: 1, runtime } as const;
  await ask({ type: 'load', model: copy, ...settings }, [copy.buffer]);
  let runs = 0;
  return {
    run: (bytes, unitCount) => {
      runs += 1;
      return ask({ type: 'run', run: runs, unitCount, inputs: bytes }, [bytes.buffer]);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
