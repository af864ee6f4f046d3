import type { JobRecord, Quote } from '#protocol/api/job.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { classProblem } from '../trust/classes.ts';
import { fitProblem } from '../trust/fit.ts';
import { allAreNew } from '../trust/newcomers.ts';
import { capProblem, quote } from './quote.ts';

/** What is asked of the jobs that were prepared alike. */
export type Wish = Pick<JobRecord, 'items' | 'unitPrice' | 'priceMax' | 'assurance' | 'devices'>;

/** What was said of the files of the job that was prepared. */
const OF_FILES: readonly Reason['code'][] = ['files-left-out', 'texts-cut'];

/** A job with other items than the one that was prepared, as if it were new. */
export function likeJob(job: Job, wish: Wish): Job {
  const { notes = [], priceMax: _, devices: __, ...record } = job.record;
  const units = Math.ceil(wish.items / record.draft.runtime.unitItems);
  const kept = notes.filter(({ code }) => !OF_FILES.includes(code));
  return { ...job, record: { ...record, ...wish, units, notes: kept } };
}

/** Price and time of a job like one that was prepared. */
export const estimate = (hub: Hub, job: Job): Quote | undefined =>
  job.manifest && quote(hub, job, job.manifest);

/** Why a job like this one would not be computed if it were posted now. */
export function obstaclesOf(hub: Hub, job: Job): Reason[] {
  const { trouble, verifiers, devices } = hub;
  const found: Reason[] = [];
  if (trouble !== undefined) found.push(why('hub-degraded', { text: trouble.message }));
  if (verifiers.size === 0) found.push(why('verifier-missing', {}));
  const dear = capProblem(hub, job);
  if (dear !== undefined) found.push(dear);
  if (devices.size === 0) return [...found, why('no-device', {})];
  const problems = [...devices.values()].map((device) => fitProblem(hub, device, job));
  if (problems.every((problem) => problem !== undefined)) {
    found.push(explainUnfit(hub, job, problems));
  } else if (allAreNew(hub)) found.push(why('all-devices-new', {}));
  return found;
}

/** One reason for all devices, where it is the same one. */
function explainUnfit({ devices }: Hub, job: Job, problems: readonly Reason[]): Reason {
  const { manifest } = job;
  const isOfClass = [...devices.values()].some((device) => !classProblem(job, device));
  if (!isOfClass) return why('class-missing', {});
  const isMemory = problems.every(({ code }) => code === 'capability-memory');
  if (!isMemory || manifest === undefined) return why('no-device-fits', {});
  const most = Math.max(...[...devices.values()].map((each) => each.capabilities.memoryBytes));
  return why('memory-missing', {
    needMiB: Math.ceil(manifest.peakBytes / 2 ** 20),
    mostMiB: Math.floor(most / 2 ** 20),
  });
}
