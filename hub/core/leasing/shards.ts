import { RELEASE_POLICY, standingName } from '#protocol/checks/check-policy.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';

const endOf = (kept: KeptShard): number => kept.before + kept.unitCount;

export function hasLag(hub: Hub, kept: KeptShard): boolean {
  const through = hub.judgedUnits.get(standingName(kept.device, kept.package)) ?? 0;
  return through - endOf(kept) >= RELEASE_POLICY.lagUnits;
}
