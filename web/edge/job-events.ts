import { JobEvent } from '#protocol/messages/control.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { backoffMs } from '../core/backoff.ts';
import { decodeEvents } from '../core/event-stream.ts';
import { decodeError, type KeyedRequest } from './hub-api.ts';

/** A stream that says nothing for this long is opened again. */
const SILENCE_MS = 45_000;

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
export function watchJob(request: KeyedRequest, watcher: JobWatcher): JobWatch {
  let attempt = 0;
  let timer = 0;
  let abort = new AbortController();
  let closed = false;

  async function follow(): Promise<void> {
    abort = new AbortController();
    const refusal = await readStream(request, abort, (event) => {
      attempt = 0;
      if (!closed) watcher.onEvent(event);
    }).catch(() => undefined);
    if (closed) return;
    if (refusal !== undefined) return watcher.onRefused(refusal);
    watcher.onLost();
    timer = setTimeout(() => void follow(), backoffMs(attempt, Math.random()));
    attempt += 1;
  }

  void follow();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      abort.abort();
    },
  };
}

/** Reads until the stream ends. Answers a refusal where asking again would not help. */
async function readStream(
  { key, job }: KeyedRequest,
  abort: AbortController,
  onEvent: (event: JobEvent) => void,
): Promise<Refusal | undefined> {
  let timer = setTimeout(() => abort.abort(), SILENCE_MS);
  try {
    const response = await fetch(`/v1/jobs/${job}/events`, {
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
      signal: abort.signal,
    });
    if (!response.ok || response.body === null) {
      const refusal = decodeError(response.status, await response.text());
      return response.status < 500 && response.status !== 429 ? refusal : undefined;
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let unread = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), SILENCE_MS);
      const { events, rest } = decodeEvents(unread + value);
      unread = rest;
      for (const { event, data } of events) {
        if (event !== 'job') continue;
        const decoded = decodeJson(JobEvent, data);
        if (decoded.ok) onEvent(decoded.value);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
