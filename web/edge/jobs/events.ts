import { watchJob as followJob } from '#client/job-events.ts';
import { isPassing } from '#client/refusals.ts';
import type { JobEvent } from '#protocol/messages/control.ts';
import { PocketgridError, type Refusal } from '#protocol/values/refusal.ts';
import { backoffMs } from '../../core/backoff.ts';
import { type KeyedRequest, openHub } from '../hub.ts';

export interface JobWatch {
  close(): void;
}

/** What the watcher is told; `onLost` comes before each new try, and `onRefused` ends the watch. */
export interface JobWatcher {
  onEvent(event: JobEvent): void;
  onLost(): void;
  onRefused(refusal: Refusal): void;
}

/**
 * Follows a job's events. `EventSource` cannot send the developer's key, so the stream is read by
 * hand; it is opened again with back-off whenever it ends.
 */
export function watchJob({ key, job }: KeyedRequest, watcher: JobWatcher): JobWatch {
  const hub = openHub(key);
  const abort = new AbortController();
  const { signal } = abort;
  let attempt = 0;
  let timer = 0;

  async function follow(): Promise<void> {
    try {
      for await (const event of followJob(hub, job, { signal })) {
        if (signal.aborted) return;
        attempt = 0;
        watcher.onEvent(event);
      }
    } catch (error) {
      if (!signal.aborted && error instanceof PocketgridError && !isPassing(error.refusal)) {
        return watcher.onRefused(error.refusal);
      }
    }
    if (signal.aborted) return;
    watcher.onLost();
    timer = setTimeout(() => void follow(), backoffMs(attempt, Math.random()));
    attempt += 1;
  }

  void follow();
  return {
    close() {
      abort.abort();
      clearTimeout(timer);
    },
  };
}
