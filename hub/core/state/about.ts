import {
  type Blocks,
  blocksAny,
  categoryOf,
  isBlocked,
  type JobAbout,
} from '#protocol/api/about.ts';
import type { JobRecord } from '#protocol/api/job.ts';

/** What contributors are told of a job. */
export function aboutJob(record: JobRecord): JobAbout {
  const { id, name, developer, developerName, purpose, model } = record;
  const task = record.task?.options.name;
  return {
    ...{ job: id, name, developer },
    ...(developerName !== undefined && { developerName }),
    category: record.category ?? categoryOf(task),
    ...(purpose !== undefined && { purpose }),
    ...(task !== undefined && { task }),
    ...(model !== undefined && { model }),
  };
}

/** Whether the person of a device wants no work of a job. */
export const isUnwanted = (blocks: Blocks, record: JobRecord): boolean =>
  blocksAny(blocks) && isBlocked(blocks, aboutJob(record));
