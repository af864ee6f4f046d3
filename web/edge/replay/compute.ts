import { t } from '@lingui/core/macro';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';

/** A compute worker of the exact lane, as a replay uses it: one request at a time. */
export interface ReplayCompute {
  /** Settles with the worker's answer; throws a `PocketgridError` on failure or `close`. */
  ask(request: ComputeRequest, transfer: ArrayBuffer[]): Promise<ComputeReply>;
  /** Frees the runtime and the model; a question still open fails. */
  close(): void;
}

/** Starts the app's own wasm compute worker: the one place in the page that does. */
export function openReplayCompute(): ReplayCompute {
  const worker = new Worker(
    new URL('../../../worker/edge/browser/compute-wasm.ts', import.meta.url),
    {
      type: 'module',
      name: 'replay',
    },
  );
  let settle: { resolve(reply: ComputeReply): void; reject(error: Error): void } | undefined;
  const fail = (message: string) => settle?.reject(fault('provider-failed', message));
  worker.onmessage = ({ data }: MessageEvent<ComputeReply>) => {
    if (data.type === 'failed') settle?.reject(new PocketgridError(data.refusal));
    else if (data.type !== 'progress') settle?.resolve(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message || t`The runtime could not be loaded; reload the page, then try again.`);
  };
  return {
    ask: (request, transfer) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        worker.postMessage(request, transfer);
      }),
    close() {
      worker.onmessage = null;
      worker.onerror = null;
      worker.terminate();
      fail(t`The replay was stopped.`);
    },
  };
}
