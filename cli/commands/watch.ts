import * as v from 'valibot';
import { mustBeDone } from '#client/follow-job.ts';
import { wholeIn } from '#node/flags.ts';
import { JobId } from '#protocol/values/ids.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';
import { followJob, WAIT_MINUTES } from '../jobs/follow.ts';
import { orStopped } from '../stopped.ts';
import { showJob } from './jobs.ts';

const HELP = `pocketgrid watch JOB [--wait MINUTES] [--hub URL] [--pin SHA256]

Shows how far a job is until it has ended. Ends with 0 where it is done, and with 1 where it is cancelled or refused.

  --wait MINUTES  how long to watch, ${WAIT_MINUTES.otherwise} without it
${HUB_HELP}`;

/** `pocketgrid watch`. */
export const watchCommand = defineCommand({
  name: 'watch',
  summary: 'shows how far a job is, until it has ended',
  help: HELP,
  words: ['job'],
  flags: { job: JobId, wait: v.exactOptional(wholeIn(1, WAIT_MINUTES.most)), ...HUB_FLAGS },
  async run({ job: id, wait: minutes = WAIT_MINUTES.otherwise, ...place }, world) {
    const hub = await openHub(world, placeOf(place));
    const explain = () => `stopped; ${id} goes on: pocketgrid cancel ${id} ends it`;
    const job = await orStopped(world, explain, () => followJob(hub, { job: id, world, minutes }));
    return { lines: [showJob(mustBeDone(job))], json: job };
  },
});
