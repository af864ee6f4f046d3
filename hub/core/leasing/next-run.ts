import type { PublicKey } from '#protocol/values/ids.ts';
import type { Job } from '../state/job.ts';
import { partOf } from '../state/questions.ts';
import { removeRun, takeRun } from '../state/ranges.ts';

type Run = { first: number; count: number };

/**
 * Takes up to `limit` consecutive open units of a job for a device. A unit that failed on a device,
 * or was mended, is taken alone. One that failed on this very device is taken last: others try it
 * first.
 */
export function nextRun(job: Job, device: PublicKey, limit: number): Run | undefined {
  const { open, suspects, failed, cuts } = job;
  if (limit < 1) return undefined;
  if (suspects.size + failed.size + cuts.size === 0) {
    return takeRun(open, Math.min(limit, countInPart(job, open.runs[0]?.first ?? 0)));
  }
  const run = findRun(job, limit, (unit) => !hasFailed(job, unit, device));
  const found = run ?? findRun(job, limit, () => true);
  if (found !== undefined) removeRun(open, found.first, found.first + found.count);
  return found;
}

/** Units of one blob, from this one on: a lease names one. */
const countInPart = (job: Job, first: number): number => partOf(job, first).end - first;

const hasFailed = ({ suspects }: Job, unit: number, key: PublicKey): boolean =>
  suspects.get(unit)?.failures.some(({ device }) => device === key) === true;

const isAlone = ({ suspects, failed }: Job, unit: number): boolean =>
  suspects.has(unit) || failed.has(unit);

function findRun(job: Job, limit: number, mayTake: (unit: number) => boolean): Run | undefined {
  for (const { first: start, end } of job.open.runs) {
    let first = start;
    while (first < end && !mayTake(first)) first += 1;
    if (first >= end) continue;
    const most = Math.min(limit, countInPart(job, first));
    return { first, count: countFrom(job, first, Math.min(end, first + most)) };
  }
  return undefined;
}

function countFrom(job: Job, first: number, end: number): number {
  if (isAlone(job, first)) return 1;
  let next = first + 1;
  while (next < end && !isAlone(job, next) && !job.cuts.has(next)) next += 1;
  return next - first;
}
