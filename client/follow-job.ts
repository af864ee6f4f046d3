import { isEnded, type JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { attempt, fault, PocketgridError } from '#protocol/values/refusal.ts';
import type { HubClient } from './client.ts';
import { watchJob } from './job-events.ts';
import { isPassing } from './refusals.ts';
import { sleep } from './sleep.ts';

/** A hub that says nothing for so long is given up. */
const SILENCE_MS_MAX = 120_000;
const PAUSE_MS = 1_000;

/** What is waited for. */
export interface Following {
  job: JobId;
  /** Whether a job stands as it is waited for; its end without this. */
  until?: (job: JobView) => boolean;
  /** Hears how the job stands, at once and after each change. */
  onView?: (job: JobView) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Follows a job until it stands as it is waited for. A hub that is away for a moment is called
 * again. Throws a `PocketgridError` where the hub refuses, or is silent for two minutes; and the
 * reason of `signal` when that is aborted.
 */
export async function followJob(hub: HubClient, following: Following): Promise<JobView> {
  const { job, until = ({ state }) => isEnded(state), onView, signal } = following;
  let heardAt = performance.now();
  const listen = async (): Promise<JobView | undefined> => {
    for await (const event of watchJob(hub, job, { signal })) {
      heardAt = performance.now();
      onView?.(event.job);
      if (until(event.job)) return event.job;
    }
    return undefined;
  };
  for (;;) {
    const heard = await attempt(listen);
    signal?.throwIfAborted();
    if (heard.ok && heard.value !== undefined) return heard.value;
    if (!heard.ok && !isPassing(heard.refusal)) throw new PocketgridError(heard.refusal);
    if (performance.now() - heardAt > SILENCE_MS_MAX) {
      const why = heard.ok ? 'the hub ends each answer at once' : heard.refusal.message;
      throw fault('download-failed', `${why} ${job} goes on: do the same again later`);
    }
    await sleep(PAUSE_MS, signal);
  }
}

/** A job that ended well; throws why one did not. */
export function mustBeDone(job: JobView): JobView {
  if (job.state === 'done') return job;
  if (job.refusal !== undefined) throw new PocketgridError(job.refusal);
  throw fault('job-state', `${job.id} is ${job.state}: ${describeReason(job.reason)}`);
}
