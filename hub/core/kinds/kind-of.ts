import type { JobRecord } from '#protocol/api/job.ts';
import type { Job } from '../state/job.ts';
import { decode } from './decode.ts';
import { graph } from './graph.ts';
import type { Kind } from './kind.ts';

const KINDS: Record<JobRecord['draft']['runtime']['kind'], Kind> = { graph, decode };

/** What differs by the kind of this job. */
export const kindOf = ({ record }: Pick<Job, 'record'>): Kind => KINDS[record.draft.runtime.kind];
