import * as v from 'valibot';
import type { HubClient } from '#client/client.ts';
import { listJobs } from '#client/jobs.ts';
import { Text, wholeIn } from '#node/flags.ts';
import type { JobView } from '#protocol/api/job.ts';
import { must } from '#protocol/values/refusal.ts';
import { defineCommand } from '../command.ts';
import { HUB_FLAGS, HUB_HELP, openHub, placeOf } from '../hub.ts';
import type { World } from '../world.ts';

const LIMIT = { otherwise: 50, most: 10_000 };

const HELP = `pocketgrid jobs [--limit N] [--named TEXT] [--hub URL] [--pin SHA256]

Lists your jobs and those shared with your key, the newest first: id, state, units accepted, name.

  --limit N       how many, ${LIMIT.otherwise} without it
  --named TEXT    only those with this in their names
${HUB_HELP}`;

/** `pocketgrid jobs`. */
export const jobsCommand = defineCommand({
  name: 'jobs',
  summary: 'lists your jobs',
  help: HELP,
  flags: {
    limit: v.exactOptional(wholeIn(1, LIMIT.most)),
    named: v.exactOptional(Text),
    ...HUB_FLAGS,
  },
  async run({ limit = LIMIT.otherwise, named, ...place }, world) {
    const hub = await openHub(world, placeOf(place));
    const jobs = await readNewest(hub, { limit, named }, world);
    const lines = jobs.map(showJob);
    return { lines: lines.length === 0 ? ['there are no jobs yet'] : lines, json: { jobs } };
  },
});

async function readNewest(
  hub: HubClient,
  { limit, named }: { limit: number; named: string | undefined },
  { signal }: World,
): Promise<JobView[]> {
  const found: JobView[] = [];
  let before: number | undefined;
  do {
    const page = must(await listJobs(hub, { before, named }, { signal }));
    found.push(...page.jobs);
    before = page.next;
  } while (before !== undefined && found.length < limit);
  return found.slice(0, limit);
}

/** A line about a job: its id first. */
export const showJob = ({ id, state, accepted, units, name }: JobView): string =>
  `${id}  ${state.padEnd(9)}  ${accepted} of ${units} units  ${name}`;
