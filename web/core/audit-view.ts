import { checkRate } from '#protocol/checks/check-policy.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { formatCount, formatNoun } from './format.ts';

/** How often this device's units are checked now, and why. */
export interface AuditView {
  rate: string;
  why: string;
}

/** Undefined until a first shard of this visit was accepted: only the hub knows the count. */
export function viewAudit({ checks }: DeviceStatus, locale?: string): AuditView | undefined {
  if (checks === undefined) return undefined;
  const { policy, units, model } = checks;
  const now = checkRate(policy, units + 1);
  const rate = nameRate(now, 'of yours is checked now', locale);
  if (policy.type === 'flat') return { rate, why: 'This hub checks the same share of everyone.' };
  const floor = nameRate(policy.floorPpm / 1_000_000, 'is the least', locale);
  const why =
    units === 0
      ? 'Trust starts anew: no work of yours was accepted since the last failure.'
      : `Your work since you began, or since your last failure, makes ${formatNoun(units, 'unit', locale)} of ${model}.`;
  const next =
    now * 1_000_000 > policy.floorPpm
      ? ` The more there are, the fewer are checked. ${floor}`
      : ` ${floor}`;
  return { rate, why: why + next };
}

function nameRate(rate: number, rest: string, locale?: string): string {
  if (rate <= 0) return `No unit ${rest}.`;
  if (rate >= 1) return `Every unit ${rest}.`;
  const inverse = 1 / rate;
  // "1 unit in 1.4" says more than "1 unit in 1".
  const of = inverse < 10 ? Number(inverse.toPrecision(2)) : Math.round(inverse);
  const number = inverse < 10 ? of.toLocaleString(locale) : formatCount(of, locale);
  return `About 1 unit in ${number} ${rest}.`;
}
