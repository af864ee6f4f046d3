import type { JobRecord } from '#protocol/api/job.ts';

/** What a form becomes: a job without its name, and the digest of each unit's inputs. */
export interface MadeJob {
  record: Pick<
    JobRecord,
    | ('draft' | 'inputs' | 'inputDigests' | 'items' | 'units')
    | ('itemNames' | 'leftOut' | 'notes' | 'task')
  >;
  digestBytes: Uint8Array<ArrayBuffer>;
}
