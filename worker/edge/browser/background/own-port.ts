import * as ort from 'onnxruntime-web/wasm';
import { sha256 } from '#protocol/bytes/digest.ts';
import { fault } from '#protocol/values/refusal.ts';
import { openCompute } from '../../compute.ts';
import type { OpenComputePort } from '../../ports.ts';

/**
 * Opens compute workers that are none: they compute in this thread, a unit at a time, since a service
 * worker can start no other. `wasm` is the runtime's.
 */
export function openOwnPorts(wasm: Uint8Array<ArrayBuffer>): OpenComputePort {
  ort.env.wasm.wasmBinary = wasm;
  return (_provider, on) => {
    let isEnded = false;
    const compute = openCompute({
      runtime: ort,
      digest: sha256,
      reply: (message) => {
        if (!isEnded) on.reply(message);
      },
      async breathe() {
        await takeTurn();
        if (isEnded) throw fault('provider-failed', 'the run was ended');
      },
      clock: () => performance.now(),
    });
    return {
      post: compute,
      terminate() {
        isEnded = true;
      },
    };
  };
}

/** Lets all that waits for this thread have it once. */
const takeTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve);
  });
