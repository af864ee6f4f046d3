import { instant } from '#protocol/values/units.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { HubLoop } from '../loop.ts';
import { ANSWERS_KEPT_MS } from '../store/answers.ts';
import type { Store } from '../store/port.ts';
import type { Log } from './log.ts';

const EVERY_MS = 3_600_000;
/** Jobs whose data goes in one round. */
const JOBS_A_ROUND = 1_000;
/** A blob gets its name within this time of its upload. */
const UNNAMED_MS = 24 * 3_600_000;

interface Ports {
  store: Pick<Store, 'expired' | 'namesBlob' | 'answers'>;
  blobs: Pick<BlobStore, 'sweep'>;
  loop: Pick<HubLoop, 'command'>;
  log: Log;
}

/** Has inputs, results and answers removed whose time is over, and blobs that no fact names. */
export async function removeExpired({ store, blobs, loop, log }: Ports): Promise<void> {
  await store.answers.expire(instant(Date.now() - ANSWERS_KEPT_MS));
  for (const job of await store.expired(instant(Date.now()), JOBS_A_ROUND)) {
    const done = await loop.command({ type: 'remove-data', job });
    if (!done.ok) return;
    log.info({ job }, 'its time is over: inputs and results are removed');
  }
  const removed = await blobs.sweep(store.namesBlob, UNNAMED_MS);
  if (removed > 0) log.info({ removed }, 'blobs that nothing names are removed');
}

/** Does so at once and every hour; gives how to stop. */
export function openRetention(ports: Ports): () => void {
  const round = () =>
    void removeExpired(ports).catch((error: unknown) => {
      ports.log.warn({ error: String(error) }, 'data whose time is over stays for another hour');
    });
  const timer = setInterval(round, EVERY_MS).unref();
  round();
  return () => clearInterval(timer);
}
