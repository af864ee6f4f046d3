import type { ComputeRequest, LoadRuntime } from '#protocol/messages/compute.ts';
import { fault, PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { loadGraph } from './kinds/graph.ts';
import type { ComputePorts, LoadKind, RunUnits } from './kinds/kind.ts';

const KINDS: Record<LoadRuntime['kind'], LoadKind> = { graph: loadGraph };

/**
 * The loop of a compute worker: one model, requests done in order, one at a time (overlapping runs
 * fail on WebGPU). Every failure is answered with `failed`; the owner then terminates the worker.
 */
export function openCompute(ports: ComputePorts): (request: ComputeRequest) => void {
  let run: RunUnits | undefined;
  let queue = Promise.resolve();
  const handle = async (request: ComputeRequest) => {
    if (request.type === 'load') run = await KINDS[request.runtime.kind](ports, request);
    else if (run !== undefined) await run(request);
    else throw unloaded();
  };
  return (request) => {
    queue = queue
      .then(() => handle(request))
      .catch((error: unknown) => {
        const failed = { type: 'failed', refusal: refusalOf(error, request.type) } as const;
        ports.reply(request.type === 'run' ? { ...failed, run: request.run } : failed, []);
      });
  };
}

function unloaded(): PocketgridError {
  const message = 'a run came before a model was loaded; send load first and wait for loaded';
  return fault('message-out-of-order', message);
}

/** The runtime throws Errors, strings and numbers (a WASM exception pointer) alike. */
function refusalOf(error: unknown, during: ComputeRequest['type']) {
  if (error instanceof PocketgridError) return error.refusal;
  const text = error instanceof Error ? error.message : String(error);
  const memory = error instanceof RangeError || /bad_alloc|out of memory|OOM|alloc/i.test(text);
  const failed: RefusalCode = during === 'load' ? 'provider-failed' : 'model-run-failed';
  const code = memory ? 'device-memory' : failed;
  const doing = during === 'load' ? 'load the model' : 'run the model';
  return refusal(
    code,
    `the runtime could not ${doing}: ${text.slice(0, 400) || 'no reason given'}`,
  );
}
