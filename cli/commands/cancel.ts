import { cancelJob } from '#client/jobs.ts';
import { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';
import { showJob } from './jobs.ts';

const HELP = `pocketgrid cancel JOB [--hub URL] [--pin SHA256]

Ends a job. What was accepted of it stays readable.

${HUB_HELP}`;

/** `pocketgrid cancel`. */
export const cancelCommand = defineCommand({
  name: 'cancel',
  summary: 'ends a job',
  help: HELP,
  words: ['job'],
  flags: { job: JobId, ...HUB_FLAGS },
  async run({ job: id, ...place }, world) {
    const job = must(await cancelJob(await openHub(world, placeOf(place)), id));
    return { lines: [showJob(job)], json: job };
  },
});
