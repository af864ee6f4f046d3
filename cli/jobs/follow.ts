import { setTimeout } from 'node:timers/promises';
import type { HubClient } from '#client/client.ts';
import { watchJob } from '#client/job-events.ts';
import { isPassing } from '#client/refusals.ts';
import { isEnded, type JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { attempt, fault, PocketgridError } from '#protocol/values/refusal.ts';
import type { World } from '../world.ts';

/** A hub that says nothing for so long is given up. */
const SILENCE_MS_MAX = 120_000;
const PAUSE_MS = 1_000;
const MINUTE_MS = 60_000;
/** How long a command waits for a job that does not end, and may. */
export const WAIT_MINUTES = { otherwise: 1_440, most: 28_800 };

/** Whether nothing changes any more. */
export const hasEnded = ({ state }: JobView): boolean => isEnded(state);

/** How a job stands, in a line. */
export const showProgress = ({ accepted, units, state, reason }: JobView): string =>
  `${accepted} of ${units} units, ${state}: ${describeReason(reason)}`;

interface Following {
  job: JobId;
  world: World;
  /** Whether a job stands as it is waited for. */
  until: (job: JobView) => boolean;
  minutes: number;
}

/**
 * Follows a job until it stands as it is waited for: shows how far it is, and tells of each state
 * it comes to. A hub that is away for a moment is called again.
 */
export async function followJob(hub: HubClient, following: Following): Promise<JobView> {
  const { job, world, until, minutes } = following;
  const late = AbortSignal.timeout(minutes * MINUTE_MS);
  const signal = AbortSignal.any([world.signal, late]);
  let known: JobView | undefined;
  let heardAt = performance.now();
  const listen = async (): Promise<JobView | undefined> => {
    for await (const event of watchJob(hub, job, { signal })) {
      heardAt = performance.now();
      world.show(showProgress(event.job));
      if (event.job.state !== known?.state) {
        world.show('');
        world.tell(`${job}: ${showProgress(event.job)}`);
      }
      known = event.job;
      if (until(known)) return known;
    }
    return undefined;
  };
  for (;;) {
    const heard = await attempt(listen);
    world.signal.throwIfAborted();
    if (heard.ok && heard.value !== undefined) {
      world.show('');
      return heard.value;
    }
    if (late.aborted) {
      const stands = known === undefined ? '' : ` (${showProgress(known)})`;
      const message = `${job} is not done after ${minutes} minutes${stands}; it goes on: do the same again, or: pocketgrid watch ${job}`;
      throw fault('busy', message);
    }
    if (!heard.ok && !isPassing(heard.refusal)) throw new PocketgridError(heard.refusal);
    if (performance.now() - heardAt > SILENCE_MS_MAX) {
      const why = heard.ok ? 'the hub ends each answer at once' : heard.refusal.message;
      throw fault('download-failed', `${why} ${job} goes on: do the same again later`);
    }
    await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** A job that ended well; throws why one did not. */
export function mustBeDone(job: JobView): JobView {
  if (job.state === 'done') return job;
  if (job.refusal !== undefined) throw new PocketgridError(job.refusal);
  throw fault('job-state', `${job.id} is ${job.state}: ${describeReason(job.reason)}`);
}
