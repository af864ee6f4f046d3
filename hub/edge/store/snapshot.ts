import type { JobId } from '#protocol/ids.ts';
import type { PackageManifest } from '#protocol/package.ts';
import type { Fact, Snapshot } from '../../core/events.ts';
import { REASON_CREATED } from './port.ts';

type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;
type JobSnapshot = Snapshot['jobs'][number];

const ENDED: readonly JobSnapshot['state'][] = ['done', 'cancelled', 'refused'];

/** Where each job stands after its facts, each list in the order of appending. */
export function projectJobs(facts: {
  created: readonly Omit<FactOf<'job-created'>, 'type'>[];
  packaged: readonly { job: JobId; manifest: PackageManifest }[];
  moved: readonly Omit<FactOf<'job-moved'>, 'type'>[];
}): JobSnapshot[] {
  const jobs = new Map<JobId, JobSnapshot>();
  for (const { record, inputDigests } of facts.created) {
    jobs.set(record.id, { record, inputDigests, state: 'checking', reason: REASON_CREATED });
  }
  for (const { job, manifest } of facts.packaged) {
    const found = jobs.get(job);
    if (found !== undefined) found.manifest = manifest;
  }
  for (const move of facts.moved) {
    const found = jobs.get(move.job);
    if (found !== undefined) moveJob(found, move);
  }
  return [...jobs.values()];
}

function moveJob(job: JobSnapshot, move: Omit<FactOf<'job-moved'>, 'type'>): void {
  job.state = move.state;
  job.reason = move.reason;
  if (move.state === 'running') job.startedAt ??= move.at;
  if (ENDED.includes(move.state)) job.endedAt = move.at;
  else delete job.endedAt;
  if (move.refusal === undefined) delete job.refusal;
  else job.refusal = move.refusal;
}
