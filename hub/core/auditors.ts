import type { PublicKey } from '#protocol/ids.ts';
import { store, type Turn } from './effects.ts';
import type { Hub, Job, KeptShard } from './state.ts';
import { voidShards } from './verdicts.ts';

/**
 * Auditors are contributors that falsify some of their units on purpose, to see which verifiers pass
 * them (reference/verification.md §3.10d). The hub knows them; verifiers and everybody else do not, so
 * they work and are checked like others. What they computed is never given out: when all of a job is
 * judged, other devices compute it again.
 */
export const isAuditor = ({ auditors }: Hub, device: PublicKey): boolean => auditors.has(device);

/** Opens the units that auditors computed in a job that is about to end; says whether there were any. */
export function reopenAudited(turn: Turn, job: Job): boolean {
  const audited = auditedShards(turn.hub, job);
  if (audited.length === 0) return false;
  job.audited = true;
  store(turn, voidShards(turn, audited, 'its units are computed again by another device'));
  return true;
}

/** Whether auditors computed some of these units, so that nobody may read them yet. */
export const isAudited = (
  hub: Hub,
  job: Job,
  { first, end }: { first: number; end: number },
): boolean =>
  auditedShards(hub, job).some(
    ({ firstUnit, unitCount }) => firstUnit < end && firstUnit + unitCount > first,
  );

function auditedShards(hub: Hub, job: Job): KeptShard[] {
  if (hub.auditors.size === 0) return [];
  return [...job.shards.values()].filter(({ device }) => isAuditor(hub, device));
}
