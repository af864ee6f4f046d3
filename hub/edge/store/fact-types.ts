/**
 * Types whose rows are asked for by their place among themselves. The index of places has these
 * alone.
 */
export const PLACED = ['job-created', 'verdict', 'epoch'] as const;

/** What is said of a job as a whole: a condition of its index. */
export const OF_JOBS = `('job-created', 'job-recut', 'job-packaged', 'job-funded', 'job-moved',
  'items-failed', 'job-archived', 'data-removed')`;

/** Whether an accepted shard, in `fact`, is void. */
export const IS_VOID = `exists
  (select 1 from fact as void where void.type = 'voided' and void.sequence = fact.sequence)`;
