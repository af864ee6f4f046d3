import type { Hub } from '../state/hub.ts';
import type { Flow, Job } from '../state/job.ts';
import { isEnding } from '../state/questions.ts';
import { leadOfNew } from './advantage.ts';
import { rankFlows } from './fairness.ts';

/** A job as fairness sees it, for a device that is set up for none and pays no heed to prices. */
export const flowOf = (hub: Hub, { record }: Pick<Job, 'record'>): Flow => ({
  ...{ id: record.id, developer: record.developer, weight: 1, leadMs: leadOfNew(hub) },
  isAwaited: record.open !== undefined,
  deadline: record.deadline,
});

/**
 * How many jobs are before this one: of jobs that are checked, those that verifiers prepare first;
 * of jobs that run, those with open units that the next device is offered first. Nothing where
 * nothing of it waits.
 */
export function countAhead(hub: Hub, job: Job): number | undefined {
  const others = [...hub.openJobs.values()];
  if (job.state === 'checking') {
    return others.filter(({ state }) => state === 'checking').indexOf(job);
  }
  if (job.state !== 'running' || job.open.count === 0) return undefined;
  const waiting = others.filter(
    (each) => each.state === 'running' && each.open.count > 0 && !isEnding(hub, each),
  );
  // Ranking opens accounts, and a look changes nothing.
  const { developers, jobs } = hub.fairness;
  const book = { developers: new Map(developers), jobs: new Map(jobs) };
  const place = rankFlows(
    book,
    waiting.map((each) => flowOf(hub, each)),
  ).findIndex(({ flow }) => flow.id === job.record.id);
  return place < 0 ? undefined : place;
}
