import { setTimeout } from 'node:timers/promises';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { HubLoop } from '../loop.ts';
import type { Log } from '../process/log.ts';
import type { Store } from '../store/port.ts';
import { keepOutputs } from './keep-outputs.ts';

/** How long the keeper waits. */
const WAITS = {
  /** Until it looks again for jobs that were archived. */
  lookMs: 5_000,
  /** Between two windows of rows; one takes the event loop some milliseconds. */
  pauseMs: 20,
  /** After a job that could not be moved, the disk being full perhaps. */
  retryMs: 60_000,
};

interface Ports {
  store: Pick<Store, 'outputRows'>;
  blobs: Pick<BlobStore, 'put' | 'hold'>;
  loop: Pick<HubLoop, 'command'>;
  log: Log;
}

/**
 * Moves outputs of archived jobs into segments, one job after the other, at once and whenever there
 * is one. A job that fails is tried again after the others. Gives how to stop.
 */
export function openOutputKeeper(ports: Ports, waits = WAITS): () => Promise<void> {
  const ending = new AbortController();
  const running = keepAll(ports, waits, ending.signal);
  return async () => {
    ending.abort();
    await running;
  };
}

async function keepAll(
  ports: Ports,
  { lookMs, pauseMs, retryMs }: typeof WAITS,
  signal: AbortSignal,
): Promise<void> {
  const { store, log } = ports;
  const wait = (ms: number) => setTimeout(ms, undefined, { signal, ref: false });
  for (let after = 0; !signal.aborted; ) {
    try {
      const due = await store.outputRows.due(after);
      after = due?.number ?? 0;
      if (due === undefined) await wait(lookMs);
      else await keepJob(ports, due.id, { signal, pause: () => wait(pauseMs) });
    } catch (error) {
      // Only a hub that stops ends a wait early.
      if (signal.aborted) return;
      log.warn({ error: String(error) }, 'outputs of a job stay in the database for now');
      await wait(retryMs).catch(() => undefined);
    }
  }
}

const keepJob = (
  { store, blobs, loop }: Ports,
  job: JobId,
  { signal, pause }: { signal: AbortSignal; pause(): Promise<void> },
): Promise<void> =>
  keepOutputs(job, {
    rows: store.outputRows,
    blobs,
    hold: blobs.hold,
    pause,
    async keep(segment) {
      const command = { type: 'keep-outputs', job } as const;
      const said = loop.command(segment === undefined ? command : { ...command, segment });
      must(await unlessAborted(said, signal));
    },
  });

/** The result of work, unless the signal comes first. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
