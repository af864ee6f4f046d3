import type { ComputeReply } from '#protocol/messages/compute.ts';
import { PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import type { ContributorEffect, ContributorEvent, WorkerId } from '../core/events.ts';
import type { BlobCache, ComputePort, OpenComputePort, Runtimes } from './ports.ts';

type Load = Extract<ContributorEffect, { type: 'load' }>;
type Run = Extract<ContributorEffect, { type: 'run' }>;

/** Owns the compute workers by their numbers: opens, feeds and terminates them. */
export interface ComputeOwner {
  load(effect: Load): void;
  run(effect: Run): void;
  prove(effect: Extract<ContributorEffect, { type: 'prove' }>): void;
  terminate(worker: WorkerId): void;
  close(): void;
}

/** Opens the owner of a device's compute workers: it reads models from the cache and posts what workers answer. */
export function openComputeOwner(world: {
  cache: BlobCache;
  openPort: OpenComputePort;
  runtimes?: Runtimes | undefined;
  post(event: ContributorEvent): void;
}): ComputeOwner {
  const { cache, openPort, runtimes, post } = world;
  const ports = new Map<WorkerId, ComputePort>();

  const fail = (worker: WorkerId, code: RefusalCode, message: string): void => {
    if (ports.has(worker)) post({ type: 'worker-failed', worker, refusal: refusal(code, message) });
  };
  /** A platform may refuse to open a worker at all: that is a failure like any other. */
  const openPortOr = (provider: Load['provider'], worker: WorkerId): ComputePort | undefined => {
    try {
      return openPort(provider, {
        reply: (reply) => (ports.has(worker) ? post(toEvent(worker, reply)) : undefined),
        broken: (reason, code = 'provider-failed') => fail(worker, code, reason),
      });
    } catch (error) {
      const message = `no compute worker can be opened: ${error instanceof Error ? error.message : error}`;
      post({ type: 'worker-failed', worker, refusal: refusal('provider-failed', message) });
      return undefined;
    }
  };
  return {
    load({ worker, model, provider, threads, runtime }) {
      const port = openPortOr(provider, worker);
      if (port === undefined) return;
      ports.set(worker, port);
      cache
        .read(model.root, 0, model.length)
        .then((bytes) => {
          if (ports.get(worker) !== port) return;
          const compiled = runtimes?.find(provider === 'wasm' ? 'cpu' : 'gpu');
          const load = { type: 'load' as const, model: bytes, provider, threads, runtime };
          port.post({ ...load, ...(compiled && { compiled }) }, [bytes.buffer]);
        })
        .catch((error: unknown) => {
          const message = error instanceof PocketgridError ? error.refusal.message : String(error);
          const wayOut = 'start contributing again to fetch the model anew';
          fail(worker, 'blob-unknown', `the model cannot be read back: ${message}; ${wayOut}`);
        });
    },
    run({ worker, run, unitCount, inputs }) {
      ports.get(worker)?.post({ type: 'run', run, unitCount, inputs }, [inputs.buffer]);
    },
    prove({ worker, bytes }) {
      const port = openPortOr('wasm', worker);
      if (port === undefined) return;
      ports.set(worker, port);
      port.post({ type: 'prove', bytes }, []);
    },
    terminate(worker) {
      ports.get(worker)?.terminate();
      ports.delete(worker);
    },
    close() {
      for (const port of ports.values()) port.terminate();
      ports.clear();
    },
  };
}

function toEvent(worker: WorkerId, reply: ComputeReply): ContributorEvent {
  switch (reply.type) {
    case 'loaded':
      return { ...reply, worker };
    case 'proven':
      return { type: 'proven', worker };
    case 'progress':
      return { type: 'progress', worker, run: reply.run, unitsDone: reply.unitsDone };
    case 'ran': {
      const { run, bytes, digests, taps, computeMs } = reply;
      const inside = taps === undefined ? {} : { taps };
      return { type: 'ran', worker, run, bytes, digests, ...inside, computeMs };
    }
    case 'failed': {
      const { type: _, ...failed } = reply;
      return { type: 'worker-failed', worker, ...failed };
    }
  }
}
