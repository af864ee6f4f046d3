import type { Fact } from '../state/facts.ts';
import type { KeptShard } from '../state/job.ts';
import { isFinal, isOpen } from '../state/questions.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import type { Turn } from '../turn.ts';

/** Facts that void accepted shards: none for one that is void or final, or whose job is over. */
export function voidShards(turn: Turn, shards: readonly KeptShard[]): Fact[] {
  const { hub, world } = turn;
  const { underway } = hub;
  return shards.flatMap((kept): Fact[] => {
    const { sequence } = kept;
    const job = hub.jobs.get(kept.job);
    if (job === undefined || kept.voided === true || !isOpen(hub, job)) return [];
    const decided = [nameOf.void(sequence), nameOf.release(sequence)];
    if (isFinal(job, kept) || decided.some((name) => isUnderway(underway, name))) return [];
    return [{ type: 'voided', sequence, job: kept.job, at: world.now }];
  });
}
