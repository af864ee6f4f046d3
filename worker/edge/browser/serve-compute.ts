import { sha256 } from '#protocol/bytes/digest.ts';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import { openCompute } from '../compute.ts';
import type { Runtime } from '../kinds/kind.ts';

declare const self: DedicatedWorkerGlobalScope;

/** Joins a bundle of the runtime to the messages of this compute worker. */
export function serveCompute(runtime: Runtime): void {
  const compute = openCompute({
    runtime,
    digest: sha256,
    reply: (message: ComputeReply, transfer) => self.postMessage(message, transfer),
    clock: () => performance.now(),
  });
  self.onmessage = (event: MessageEvent<ComputeRequest>) => compute(event.data);
}
