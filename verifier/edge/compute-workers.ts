import { Worker } from 'node:worker_threads';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';

/** The one place that starts a compute worker: the contributor's own, by its URL. */
const ENTRY = new URL('../../worker/edge/node/compute-entry.mjs', import.meta.url);
const LOAD_DEADLINE_MS = 120_000;
const RUN_DEADLINE_MS = 120_000;
/** Models kept loaded; each holds a wasm heap that never shrinks. */
const LOADED_MAX = 2;
const IDLE_MS = 5 * 60_000;

/** What a compute worker loads. */
export type Load = Omit<Extract<ComputeRequest, { type: 'load' }>, 'type' | 'provider' | 'threads'>;
/** What a run gave. */
export type Ran = Extract<ComputeReply, { type: 'ran' }>;

/** How a run is done beyond its units. */
export interface RunOptions {
  deadlineMs?: number;
  /** What somebody says comes out (`protocol/messages/compute.ts`). */
  claims?: Uint8Array<ArrayBuffer> | undefined;
}

/** One model loaded on the exact lane: wasm, one thread, a process thread of its own. */
export interface ComputeWorker {
  /** Takes another model in the place of the one it has. */
  load(load: Load): Promise<void>;
  /**
   * Runs units one after another. Throws a PocketgridError; the worker is then of no use, unless
   * the runtime refused a unit (`isOfOneUnit`).
   */
  run(inputs: Uint8Array<ArrayBuffer>, unitCount: number, options?: RunOptions): Promise<Ran>;
  /** Most bytes that its runtime and the model's file took together so far: a peak in loading or running. */
  peakBytes(): number;
  /** Frees it by `terminate()`; the only thing that does. */
  close(): Promise<void>;
}

/** Units to run, and what is claimed of them. */
export interface Work extends Pick<RunOptions, 'claims'> {
  inputs: Uint8Array<ArrayBuffer>;
  unitCount: number;
}

/** Compute workers of a verifier: one for each package, ended when idle. */
export interface ComputeWorkers {
  /** Runs on the loaded worker of `name`, loading it by `open` first where it is not. */
  run(name: string, open: () => Promise<Load>, work: Work): Promise<Ran>;
  close(): Promise<void>;
}

/** Starts a worker that has run nothing yet and loads a model, whose bytes are transferred. */
export async function openComputeWorker(load: Load): Promise<ComputeWorker> {
  const worker = new Worker(ENTRY);
  let settle: ((reply: ComputeReply | Error) => void) | undefined;
  let dead: Error | undefined;
  const answer = (reply: ComputeReply | Error) => {
    if (reply instanceof Error) dead ??= reply;
    settle?.(reply);
  };
  worker.on('message', (reply: ComputeReply) => {
    if (reply.type !== 'progress') answer(reply);
  });
  worker.on('error', (error: Error) => answer(error));
  worker.on('exit', (code) => answer(new Error(`the compute worker ended with code ${code}`)));

  const ask = (request: ComputeRequest, transfer: ArrayBuffer[], deadlineMs: number) =>
    new Promise<ComputeReply>((resolve, reject) => {
      if (dead !== undefined) return reject(broken(dead));
      const timer = setTimeout(() => settle?.(new LateError(request.type, deadlineMs)), deadlineMs);
      settle = (reply) => {
        clearTimeout(timer);
        settle = undefined;
        if (reply instanceof Error) reject(broken(reply));
        else if (reply.type === 'failed') reject(new PocketgridError(reply.refusal));
        else resolve(reply);
      };
      worker.postMessage(request, transfer);
    });

  let runs = 0;
  let peak = 0;
  const took = (reply: ComputeReply, fileBytes: number) => {
    const heap = reply.type === 'loaded' || reply.type === 'ran' ? reply.heapBytes : undefined;
    peak = Math.max(peak, (heap ?? 0) + fileBytes);
  };
  const opened: ComputeWorker = {
    async load(load) {
      const request = { type: 'load', provider: 'wasm', threads: 1, ...load } as const;
      const fileBytes = load.model.length;
      took(await ask(request, [load.model.buffer], LOAD_DEADLINE_MS), fileBytes);
    },
    async run(inputs, unitCount, { deadlineMs = RUN_DEADLINE_MS, claims } = {}) {
      runs += 1;
      const request = {
        type: 'run',
        run: runs,
        unitCount,
        inputs,
        ...(claims && { claims }),
      } as const;
      const reply = await ask(request, [inputs.buffer], deadlineMs);
      if (reply.type !== 'ran') throw broken(new Error(`a run was answered with ${reply.type}`));
      took(reply, 0);
      return reply;
    },
    peakBytes: () => peak,
    close: async () => {
      await worker.terminate();
    },
  };
  try {
    await opened.load(load);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

class LateError extends Error {
  constructor(what: string, deadlineMs: number) {
    super(`the ${what} took longer than ${deadlineMs / 1000} s`);
    this.name = 'LateError';
  }
}

function broken(error: Error): PocketgridError {
  const late = error instanceof LateError;
  const code = late ? 'provider-timeout' : 'provider-failed';
  const way = late ? 'use a smaller model or unit' : 'it is started again for the next unit';
  return fault(code, `${error.message.slice(0, 400)}; ${way}`, error);
}

/** Keeps the last models used loaded; runs for one model wait for each other. */
export function openComputeWorkers(): ComputeWorkers {
  interface Held {
    opened: Promise<ComputeWorker>;
    queue: Promise<unknown>;
    idle?: NodeJS.Timeout;
  }
  const held = new Map<string, Held>();

  const drop = async (name: string) => {
    const one = held.get(name);
    if (one === undefined) return;
    held.delete(name);
    clearTimeout(one.idle);
    // What runs in it ends first; a worker that never opened has nothing to close.
    await one.queue.catch(() => undefined);
    await one.opened.then(
      (worker) => worker.close(),
      () => undefined,
    );
  };

  const take = async (name: string, open: () => Promise<Load>): Promise<Held> => {
    const known = held.get(name);
    held.delete(name);
    const one = known ?? { opened: open().then(openComputeWorker), queue: Promise.resolve() };
    held.set(name, one);
    clearTimeout(one.idle);
    one.idle = setTimeout(() => void drop(name), IDLE_MS);
    one.idle.unref();
    const oldest = held.size > LOADED_MAX ? held.keys().next().value : undefined;
    if (oldest !== undefined) void drop(oldest);
    return one;
  };

  return {
    async run(name, open, { inputs, unitCount, claims }) {
      const one = await take(name, open);
      const done = one.queue.then(async () =>
        (await one.opened).run(inputs, unitCount, { claims }),
      );
      one.queue = done.catch(() => undefined);
      try {
        return await done;
      } catch (error) {
        if (held.get(name) === one) await drop(name);
        throw error;
      }
    },
    close: async () => {
      const open = [...held.values()];
      held.clear();
      for (const { opened, idle } of open) {
        clearTimeout(idle);
        await opened.then(
          (worker) => worker.close(),
          () => undefined,
        );
      }
    },
  };
}
