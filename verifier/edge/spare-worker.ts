import { isOfOneUnit } from '#protocol/messages/compute.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import type { ComputeWorker } from './compute-workers.ts';

/** How long a worker that nobody uses is kept. */
const IDLE_MS = 60_000;
/** A worker is used so often; what runs that failed have left in its memory ends with it. */
const USES_MAX = 256;

/** Workers that are used by one at a time; the last one is kept for the next of its model. */
export interface SpareWorker {
  /** A worker with the model of `name`. Its `close` gives it back, unless it is broken. */
  take(name: string, open: () => Promise<ComputeWorker>): Promise<ComputeWorker>;
  close(): Promise<void>;
}

interface Spare {
  name: string;
  worker: ComputeWorker;
  uses: number;
  idle: NodeJS.Timeout;
}

export function openSpareWorker(): SpareWorker {
  let spare: Spare | undefined;
  let isClosed = false;

  const takeSpare = (): Spare | undefined => {
    const taken = spare;
    spare = undefined;
    clearTimeout(taken?.idle);
    return taken;
  };
  const closeSpare = async () => {
    await takeSpare()?.worker.close();
  };
  const giveBack = async (name: string, worker: ComputeWorker, uses: number) => {
    await closeSpare();
    if (isClosed || uses >= USES_MAX) return worker.close();
    const idle = setTimeout(() => void closeSpare(), IDLE_MS);
    idle.unref();
    spare = { name, worker, uses, idle };
  };

  return {
    async take(name, open) {
      if (spare?.name !== name) await closeSpare();
      const kept = takeSpare();
      const worker = kept?.worker ?? (await open());
      const uses = (kept?.uses ?? 0) + 1;
      let isBroken = false;
      return {
        ...worker,
        async run(...work) {
          try {
            return await worker.run(...work);
          } catch (error) {
            isBroken ||= !(error instanceof PocketgridError && isOfOneUnit(error.refusal));
            throw error;
          }
        },
        close: () => (isBroken ? worker.close() : giveBack(name, worker, uses)),
      };
    },
    async close() {
      isClosed = true;
      await closeSpare();
    },
  };
}
