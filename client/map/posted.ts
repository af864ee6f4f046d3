import type { Assurance, JobOptions, JobView } from '#protocol/api/job.ts';
import type { TaskName, TaskOptions } from '#protocol/tasks/task.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import type { HubClient } from '../client.ts';
import { followJob, mustBeDone } from '../follow-job.ts';
import { cancelJob, postJob } from '../jobs.ts';
import { whileBusy } from '../while-busy.ts';
import type { Chunk } from './chunks.ts';

/** How long the farewell to a job takes that nobody waits for any more. */
const CANCEL_MS_MAX = 5_000;

/** What is said of each job. */
export interface JobWish<N extends TaskName> {
  /** What the model does with texts or pictures; without it items are rows of tensors. */
  task?: TaskOptions & { name: N };
  /** What the jobs are called. */
  name?: string;
  assurance?: Assurance;
  /** More options of each job, as `POST /v1/jobs` takes them. */
  options?: Partial<JobOptions>;
}

/** A job on its way. */
export interface Posted {
  /** Known once the hub has it. */
  id?: JobId;
  /** Rejects where it is refused or ends without results. */
  done: Promise<JobView>;
}

/** Posts a job of some items of a model of the hub, and follows it. */
export function postChunk<N extends TaskName>(
  hub: HubClient,
  { model, chunk, signal }: { model: string; chunk: Chunk; signal: AbortSignal },
  { task, name = 'map', assurance, options }: JobWish<N>,
): Posted {
  const wish: JobOptions = {
    ...{ ...options, name, model, autoStart: true },
    ...(task !== undefined && { task }),
    ...(assurance !== undefined && { assurance }),
  };
  const upload = { inputs: chunk.inputs, options: wish };
  const follow = async () => {
    const { id } = must(await whileBusy(signal, () => postJob(hub, upload, { signal })));
    posted.id = id;
    return mustBeDone(await followJob(hub, { job: id, signal }));
  };
  const posted: Posted = { done: Promise.resolve().then(follow) };
  // Whoever waits for it hears of it; until then it is no unhandled rejection.
  posted.done.catch(() => undefined);
  return posted;
}

/** Cancels jobs whose answers nobody waits for any more, where the hub hears of it in time. */
export async function leaveJobs(hub: HubClient, jobs: readonly Posted[]): Promise<void> {
  const options = { timeoutMs: CANCEL_MS_MAX };
  const known = jobs.flatMap(({ id }) => (id === undefined ? [] : [id]));
  await Promise.all(known.map((id) => cancelJob(hub, id, options)));
}
