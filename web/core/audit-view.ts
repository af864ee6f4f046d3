import { plural, t } from '@lingui/core/macro';
import { checkRate } from '#protocol/checks/check-policy.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { formatCount, formatRate } from './format.ts';

/** How often this device's units are checked now, and why. */
export interface AuditView {
  rate: string;
  why: string;
}

/** Undefined until a first shard of this visit was accepted: only the hub knows the count. */
export function viewAudit({ checks }: DeviceStatus): AuditView | undefined {
  if (checks === undefined) return undefined;
  const { policy, units, model } = checks;
  const now = checkRate(policy, units + 1);
  const rate = nameRate(now);
  if (policy.type === 'flat') return { rate, why: t`This hub checks the same share of everyone.` };
  const floor = nameLeast(policy.floorPpm / 1_000_000);
  const why =
    units === 0
      ? t`Trust starts anew: no work of yours was accepted since the last failure.`
      : t`Your work since you began, or since your last failure, makes ${plural(units, { one: '# unit', other: '# units' })} of ${model}.`;
  const next =
    now * 1_000_000 > policy.floorPpm
      ? t`The more there are, the fewer are checked. ${floor}`
      : floor;
  return { rate, why: `${why} ${next}` };
}

function nameRate(rate: number): string {
  if (rate <= 0) return t`No unit of yours is checked now.`;
  if (rate >= 1) return t`Every unit of yours is checked now.`;
  return t`About 1 unit in ${nameInverse(rate)} of yours is checked now.`;
}

function nameLeast(rate: number): string {
  if (rate <= 0) return t`No unit is the least.`;
  if (rate >= 1) return t`Every unit is the least.`;
  return t`About 1 unit in ${nameInverse(rate)} is the least.`;
}

/** "1 unit in 1.4" says more than "1 unit in 1". */
const nameInverse = (rate: number): string =>
  1 / rate < 10 ? formatRate(1 / rate) : formatCount(1 / rate);
