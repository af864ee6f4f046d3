import type { Fact } from '../../core/state/facts.ts';

/**
 * Types whose rows are asked for by their place among themselves. The index of places has these
 * alone.
 */
export const PLACED = [
  ...(['job-created', 'verdict', 'epoch'] as const),
  ...(['banned', 'job-closing', 'leaf-file'] as const),
] as const;

/** Types that come with each shard: their bodies are compact. Queries look into the others. */
export const COMPACT: ReadonlySet<Fact['type']> = new Set([
  ...(['committed', 'unrevealed', 'accepted', 'voided', 'released'] as const),
  ...(['verdict', 'judged', 'resolved'] as const),
]);

/** What is said of a job as a whole: a condition of its index. */
export const OF_JOBS = `('job-created', 'job-recut', 'job-packaged', 'inputs-added', 'inputs-ended',
  'job-funded', 'job-moved', 'items-failed', 'job-archived', 'data-removed')`;

/** Whether an accepted shard, in `fact`, is void. */
export const IS_VOID = `exists
  (select 1 from fact as void where void.type = 'voided' and void.sequence = fact.sequence)`;

/** Whether a commitment, in `fact`, was never opened and cannot be any more. */
export const IS_UNREVEALED = `exists (select 1 from fact as unrevealed
  where unrevealed.type = 'unrevealed' and unrevealed.log_index = fact.log_index)`;

/** The accepted shard, as `fact`, of the commitment of the lease that is bound here. */
export const OF_LEASE = `fact as committed join fact on fact.type = 'accepted'
    and fact.job = committed.job and fact.first_unit = committed.first_unit
    and fact.end_unit = committed.end_unit and fact.log_index = committed.log_index
  where committed.type = 'committed' and committed.lease = unhex(?)`;
