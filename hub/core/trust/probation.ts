import {
  type CheckPolicy,
  type CountedWork,
  NEWCOMER_UNIT_COST,
  PROBATION_POLICY,
  unitsBehind,
} from '#protocol/checks/check-policy.ts';
import { between, type Instant, instant } from '#protocol/values/units.ts';
import type { Hub } from '../state/hub.ts';
import type { ProbationUse } from '../state/trust.ts';

/**
 * A device is on probation as long as each of its units is checked: below T units of work behind it.
 * Names are free, so what the checks of probation took counts as places for a day.
 */

/** One place, in microseconds of checked work. */
const PLACE_WORK = PROBATION_POLICY.unitsPerPlace * NEWCOMER_UNIT_COST;

/** Units that a device is checked whole for. */
export const probationUnits = (checks: CheckPolicy): number =>
  checks.type === 'trust' ? checks.trustUnits : 0;

/** Whether each unit of a shard is checked. */
export const isOnProbation = ({ config }: Hub, counted: CountedWork): boolean =>
  unitsBehind(counted) < probationUnits(config.checks);

/** Units of a shard on probation were checked, each on its own: a unit of C at least. */
export const countChecked = (hub: Hub, work: number, at: Instant): void =>
  count(hub, Math.max(work, NEWCOMER_UNIT_COST), at);

/** A device on probation was banned: its wrong unit was executed again to confirm it. */
export const countFailure = (hub: Hub, unitCost: number, at: Instant): void =>
  count(hub, PROBATION_POLICY.failureUnits * Math.max(unitCost, NEWCOMER_UNIT_COST), at);

function count(hub: Hub, work: number, at: Instant): void {
  const { probation } = hub.newcomers;
  const now = instant(Math.max(at, probation.at));
  hub.newcomers.probation = { work: usedAt(hub, probation, now) + work, at: now };
}

/** What is used comes back evenly, all places of a new grid in a day. */
function usedAt({ config }: Hub, { work, at }: ProbationUse, now: Instant): number {
  const burst = Math.max(1, config.newcomers?.burst ?? 1);
  const back = (between(at, now) / PROBATION_POLICY.returnMs) * burst * PLACE_WORK;
  return Math.max(0, work - Math.max(0, back));
}

/** Whole places that probation have used by now. */
export const usedPlaces = (hub: Hub, now: Instant): number =>
  Math.floor(usedAt(hub, hub.newcomers.probation, now) / PLACE_WORK);
