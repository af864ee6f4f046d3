import type { HubClient } from '#client/client.ts';
import { openDeadline } from '#client/deadline.ts';
import { followJob as follow } from '#client/follow-job.ts';
import type { JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { World } from '../world.ts';

const MINUTE_MS = 60_000;
/** How long a command waits for a job that does not end, and may. */
export const WAIT_MINUTES = { otherwise: 1_440, most: 28_800 };

/** How a job stands, in a line. */
export const showProgress = ({ accepted, units, state, reason }: JobView): string =>
  `${accepted} of ${units} units, ${state}: ${describeReason(reason)}`;

interface Following {
  job: JobId;
  world: World;
  /** Whether a job stands as it is waited for; its end without this. */
  until?: (job: JobView) => boolean;
  minutes: number;
}

/**
 * Follows a job until it stands as it is waited for: shows how far it is, and tells of each state
 * it comes to. A hub that is away for a moment is called again.
 */
export async function followJob(hub: HubClient, following: Following): Promise<JobView> {
  const { job, world, minutes, ...rest } = following;
  const deadline = openDeadline(minutes * MINUTE_MS, world.signal);
  const { signal } = deadline;
  let known: JobView | undefined;
  const onView = (view: JobView) => {
    world.show(showProgress(view));
    if (view.state !== known?.state) {
      world.show('');
      world.tell(`${job}: ${showProgress(view)}`);
    }
    known = view;
  };
  try {
    const found = await follow(hub, { job, signal, onView, ...rest });
    world.show('');
    return found;
  } catch (error) {
    world.signal.throwIfAborted();
    if (!deadline.isLate()) throw error;
    const stands = known === undefined ? '' : ` (${showProgress(known)})`;
    const message = `${job} is not done after ${minutes} minutes${stands}; it goes on: do the same again, or: pocketgrid watch ${job}`;
    throw fault('busy', message);
  } finally {
    deadline.close();
  }
}
