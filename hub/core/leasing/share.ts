import type { DeveloperId } from '#protocol/values/ids.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { isEnding } from '../state/questions.ts';
import { weighPay } from './fairness.ts';

/** Lamports for a millisecond of work on the machine that prepared the job. */
export const payRate = ({ record, manifest }: Pick<Job, 'record' | 'manifest'>): number =>
  Number(record.unitPrice) / Math.max(manifest?.referenceUnitMs ?? 1, 0.001);

/** The least that all jobs of these that pay do pay, by `payRate`. */
export const leastRate = (jobs: readonly Pick<Job, 'record' | 'manifest'>[]): number =>
  jobs.reduce((least, job) => Math.min(least, payRate(job) || Infinity), Infinity);

/**
 * How many other jobs run now, and the part of device time that a job gets beside them while all of
 * them have work: its developer's among developers, and its own among his jobs.
 */
export function shareBeside(hub: Hub, job: Job): { jobs: number; share: number } {
  const { developer, id } = job.record;
  const others = [...hub.openJobs.values()].filter(
    (other) => other.state === 'running' && other.record.id !== id && !isEnding(hub, other),
  );
  const least = leastRate([...others, job]);
  const own = weighPay(payRate(job), least);
  const byDeveloper = new Map<DeveloperId, number>();
  let siblings = 0;
  for (const other of others) {
    const weight = weighPay(payRate(other), least);
    const name = other.record.developer;
    if (name === developer) siblings += weight;
    else byDeveloper.set(name, Math.max(weight, byDeveloper.get(name) ?? 0));
  }
  const strangers = [...byDeveloper.values()].reduce((sum, weight) => sum + weight, 0);
  const share = (own / (own + strangers)) * (own / (own + siblings));
  return { jobs: others.length, share };
}
