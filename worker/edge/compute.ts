import type { ComputeRequest } from '#protocol/messages/compute.ts';
import { fault, PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { loadDecoder } from './kinds/decode/decode.ts';
import { loadGraph } from './kinds/graph.ts';
import { type ComputePorts, type LoadRequest, type RunUnits, UnitFault } from './kinds/kind.ts';
import { proveMemory } from './prove-memory.ts';

function load(ports: ComputePorts, request: LoadRequest): Promise<RunUnits> {
  const { runtime } = request;
  return runtime.kind === 'graph'
    ? loadGraph(ports, { ...request, runtime })
    : loadDecoder(ports, { ...request, runtime });
}

/**
 * The loop of a compute worker: one model, requests done in order, one at a time (overlapping runs
 * fail on WebGPU). Every failure is answered with `failed`; the owner then decides whether the worker
 * goes on: on wasm a unit that the runtime refused takes nothing with it.
 */
export function openCompute(ports: ComputePorts): (request: ComputeRequest) => void {
  let run: RunUnits | undefined;
  let queue = Promise.resolve();
  const handle = async (request: ComputeRequest) => {
    if (request.type === 'prove') {
      proveMemory(request.bytes);
      ports.reply({ type: 'proven' }, []);
    } else if (request.type === 'load') {
      await ports.prepare?.(request);
      run = await load(ports, request);
    } else if (run !== undefined) await run(request);
    else throw unloaded();
  };
  return (request) => {
    queue = queue
      .then(() => handle(request))
      .catch((thrown: unknown) => {
        const unit = thrown instanceof UnitFault ? thrown.unit : undefined;
        const error = thrown instanceof UnitFault ? thrown.cause : thrown;
        const failed = { type: 'failed', refusal: refusalOf(error, request.type) } as const;
        const run = request.type === 'run' ? { run: request.run } : {};
        ports.reply({ ...failed, ...run, ...(unit === undefined ? {} : { unit }) }, []);
      });
  };
}

function unloaded(): PocketgridError {
  const message = 'a run came before a model was loaded; send load first and wait for loaded';
  return fault('message-out-of-order', message);
}

const DOING = { load: 'load the model', run: 'run the model', prove: 'take the memory' } as const;

/** The runtime throws Errors, strings and numbers (a WASM exception pointer) alike. */
function refusalOf(error: unknown, during: ComputeRequest['type']) {
  if (error instanceof PocketgridError) return error.refusal;
  const said = error instanceof Error ? error.message : String(error);
  const isTrap = error instanceof Error && error.name === 'RuntimeError';
  const text = isTrap ? `its program broke off (${said})` : said;
  const memory = error instanceof RangeError || /bad_alloc|out of memory|OOM|alloc/i.test(text);
  // A trap leaves the runtime in a state that nobody knows.
  const isSaid = error instanceof Error && !isTrap;
  const failed: RefusalCode = during === 'run' && isSaid ? 'model-run-failed' : 'provider-failed';
  const code = memory ? 'device-memory' : failed;
  const doing = DOING[during];
  return refusal(
    code,
    `the runtime could not ${doing}: ${text.slice(0, 400) || 'no reason given'}`,
  );
}
