import {
  type ItemFailure,
  lineOf,
  type TaskAnswer,
  type TensorRow,
} from '#protocol/tasks/answer.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import type { HubClient } from '../client.ts';
import { readAnswers } from './answers.ts';
import { type Chunk, cutItems, type Items } from './chunks.ts';
import { type JobWish, leaveJobs, type Posted, postChunk } from './posted.ts';

const ITEMS_PER_JOB = 1_000;
const JOBS_AT_ONCE = 3;

/** How items are computed. */
export interface MapOptions<N extends TaskName = never> extends JobWish<N> {
  /** Items of one job, 1,000 without it. */
  itemsPerJob?: number;
  /** Jobs that are posted ahead, 3 without it. */
  jobsAtOnce?: number;
  /** Ends it, and cancels the jobs that are at work. */
  signal?: AbortSignal | undefined;
}

/** What comes for an item: its answer, or why it cannot be computed. */
export type Mapped<N extends TaskName = never> =
  | ItemFailure
  | ([N] extends [never] ? TensorRow : TaskAnswer<N>);

/**
 * Answers for items in their order, from jobs of a model of the hub that are posted a few ahead.
 * Throws a `PocketgridError` where a job is refused, or the reason of `signal`. Who leaves early
 * cancels the jobs that are at work.
 */
export async function* mapItems<N extends TaskName = never>(
  hub: HubClient,
  { model, items }: { model: string; items: Items },
  options: MapOptions<N> = {},
): AsyncGenerator<Mapped<N>, void> {
  const { jobsAtOnce = JOBS_AT_ONCE, itemsPerJob = ITEMS_PER_JOB } = options;
  const schema = lineOf(options.task?.name);
  const stop = openStop(options.signal);
  const { signal } = stop;
  const posted: Posted[] = [];
  const chunks = cutItems(items, itemsPerJob);
  let coming: Promise<IteratorResult<Chunk>> | undefined = quiet(chunks.next());
  try {
    while (coming !== undefined || posted.length > 0) {
      const [first] = posted;
      const chunk: IteratorResult<Chunk> | undefined = await Promise.race([
        stop.asked,
        posted.length < jobsAtOnce && coming !== undefined ? coming : NEVER,
        first?.done.then(() => undefined) ?? NEVER,
      ]);
      if (chunk?.done === true) coming = undefined;
      else if (chunk !== undefined) {
        posted.push(postChunk(hub, { model, chunk: chunk.value, signal }, options));
        coming = quiet(chunks.next());
      } else if (first !== undefined) {
        const { id: job, items: count } = await first.done;
        const answers = readAnswers(hub, { job, count, schema, signal });
        yield* answers as AsyncGenerator<Mapped<N>, void>;
        posted.shift();
      }
    }
  } finally {
    stop.close();
    quiet(chunks.return(undefined));
    await leaveJobs(hub, posted);
  }
}

const NEVER = new Promise<never>(() => undefined);

/** A promise that is no unhandled rejection where nobody waits for it any more. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A signal of our own that follows another; `asked` rejects with its reason. */
function openStop(outer: AbortSignal | undefined) {
  const own = new AbortController();
  const { signal } = own;
  const forward = () => own.abort(outer?.reason);
  outer?.addEventListener('abort', forward);
  if (outer?.aborted === true) forward();
  const asked = new Promise<never>((_, reject) => {
    const tell = () => reject(signal.reason);
    signal.addEventListener('abort', tell);
    if (signal.aborted) tell();
  });
  return {
    signal,
    asked: quiet(asked),
    close() {
      outer?.removeEventListener('abort', forward);
      own.abort();
    },
  };
}
