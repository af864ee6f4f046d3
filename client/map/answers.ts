import type * as v from 'valibot';
import { decodeJson } from '#protocol/values/decode.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { attempt, fault, must, PocketgridError } from '#protocol/values/refusal.ts';
import type { HubClient } from '../client.ts';
import { isPassing } from '../refusals.ts';
import { streamResults } from '../results.ts';
import { sleep } from '../sleep.ts';

const TRIES_MAX = 5;
const PAUSE_MS = 1_000;

/** The results of which job, and what a line of them is. */
export interface Reading<S extends v.GenericSchema> {
  job: JobId;
  /** How many there are. */
  count: number;
  schema: S;
  signal: AbortSignal;
}

/**
 * The results of a job that has ended, a value each. Where the line breaks they go on with the one
 * that is next.
 */
export async function* readAnswers<S extends v.GenericSchema>(
  hub: HubClient,
  { job, count, schema, signal }: Reading<S>,
): AsyncGenerator<v.InferOutput<S>> {
  let [from, tries] = [0, 0];
  while (from < count) {
    const lines = readLines(hub, { job, from, signal });
    try {
      for (;;) {
        const next = await attempt(() => lines.next());
        signal.throwIfAborted();
        if (!next.ok) {
          tries += 1;
          if (!isPassing(next.refusal) || tries > TRIES_MAX) {
            throw new PocketgridError(next.refusal);
          }
          await sleep(PAUSE_MS * tries, signal);
          break;
        }
        if (next.value.done === true) {
          if (from >= count) break;
          const message = `The hub gave ${from} of the ${count} results of ${job}; look at its log, then try again.`;
          throw fault('message-malformed', message);
        }
        [from, tries] = [from + 1, 0];
        yield must(decodeJson(schema, next.value.value));
      }
    } finally {
      await lines.return();
    }
  }
}

/** Lines of JSON, the last one only where the answer is whole. */
async function* readLines(
  hub: HubClient,
  { job, from, signal }: { job: JobId; from: number; signal: AbortSignal },
): AsyncGenerator<string, void> {
  const range = { format: 'jsonl', from } as const;
  const chunks = must(await streamResults(hub, { job, range }, { signal }));
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
