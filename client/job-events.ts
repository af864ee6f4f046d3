import { JobEvent } from '#protocol/messages/control.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import type { CallOptions, HubClient } from './client.ts';
import { decodeEvents } from './event-stream.ts';

/** The hub says something every 15 s; a stream that is silent for this long is gone. */
const SILENCE_MS = 45_000;

/**
 * Follows a job: one event at once, then one after each change, until the stream ends or `signal`
 * aborts. Throws a `PocketgridError` when it is refused or breaks off; `isPassing` tells whether to
 * watch again.
 */
export async function* watchJob(
  hub: HubClient,
  job: JobId,
  { signal }: Pick<CallOptions, 'signal'> = {},
): AsyncGenerator<JobEvent> {
  const headers = { accept: 'text/event-stream' };
  const options: CallOptions = { headers, timeoutMs: SILENCE_MS, signal };
  const chunks = must(await hub.stream(`/v1/jobs/${job}/events`, options));
  const decoder = new TextDecoder();
  let unread = '';
  for await (const chunk of chunks) {
    const { events, rest } = decodeEvents(unread + decoder.decode(chunk, { stream: true }));
    unread = rest;
    for (const { event, data } of events) {
      if (event === 'job') yield must(decodeJson(JobEvent, data));
    }
  }
}
