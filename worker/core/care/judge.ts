import type { CarePolicy, DeviceSignals } from '#protocol/messages/care.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { after, type Bytes, type Instant, millis } from '#protocol/values/units.ts';
import type { Heat } from './heat.ts';
import { instantOf, isWithinHours, localTime, nextWithinHours } from './local-time.ts';

/** A device held back by its charge goes on this many percent above the bound. */
const CHARGE_MARGIN = 5;
const IN_USE_MS = 30_000;
const START_MS = 2_000;
const MEBIBYTE = 2 ** 20;

/** What the judgement rests on, beside policy and signals. */
export interface CareFacts {
  now: Instant;
  startedAt: Instant;
  heat: Heat;
  /** Bytes sent and received in this local day. */
  bytesToday: Bytes;
  /** Whether its charge held it back at the last look. */
  wasLow: boolean;
}

/** Why a device does not work now, and when that ends by itself, where it does. */
export interface Hold {
  reason: Reason;
  until?: Instant;
  /** Nothing but another Start ends it. */
  isFinal?: true;
}

/** Judges whether a device may work now: undefined where it may, else the first reason why not. */
export function judgeCare(
  policy: CarePolicy,
  signals: DeviceSignals,
  facts: CareFacts,
): Hold | undefined {
  return (
    judgeTime(policy, signals, facts) ??
    judgePower(policy, signals, facts) ??
    judgeLine(policy, signals, facts) ??
    judgeUse(policy, signals, facts)
  );
}

function judgeTime(
  { hours, stopsAfter }: CarePolicy,
  { utcOffset }: DeviceSignals,
  { now, startedAt }: CareFacts,
): Hold | undefined {
  if (stopsAfter > 0 && now >= after(startedAt, millis(stopsAfter * 60_000))) {
    return { reason: why('time-up', { minutes: stopsAfter }), isFinal: true };
  }
  if (isWithinHours(hours, localTime(now, utcOffset))) return undefined;
  const until = nextWithinHours(hours, now, utcOffset);
  return { reason: why('hours-off', {}), ...(until !== undefined && { until }) };
}

function judgePower(
  { onlyCharging, chargeMin, whenUnknown }: CarePolicy,
  { battery, said }: DeviceSignals,
  { wasLow }: CareFacts,
): Hold | undefined {
  if (battery === undefined) {
    const isAsked = whenUnknown === 'ask' && (onlyCharging || chargeMin > 0);
    return isAsked && !said.charging ? { reason: why('charge-unknown', {}) } : undefined;
  }
  const { level, charging } = battery;
  if (onlyCharging && !charging) return { reason: why('unplugged', {}) };
  if (charging && !onlyCharging) return undefined;
  if (chargeMin === 0 || level >= chargeMin + (wasLow ? CHARGE_MARGIN : 0)) return undefined;
  return { reason: why('charge-low', { level: Math.round(level), least: chargeMin }) };
}

function judgeLine(
  { onlyWifi, dataPerDay, whenUnknown }: CarePolicy,
  { line, savesData, said, utcOffset }: DeviceSignals,
  { now, bytesToday }: CareFacts,
): Hold | undefined {
  if (onlyWifi) {
    if (savesData) return { reason: why('saves-data', {}) };
    if (line === 'cellular') return { reason: why('cellular', {}) };
    const isAsked = line === undefined && whenUnknown === 'ask' && !said.wifi;
    if (isAsked) return { reason: why('line-unknown', {}) };
  }
  if (dataPerDay === 0 || bytesToday < dataPerDay) return undefined;
  const mebibytes = Math.round(dataPerDay / MEBIBYTE);
  const until = instantOf(localTime(now, utcOffset).day + 1, 0, utcOffset);
  return { reason: why('data-spent', { mebibytes }), until };
}

function judgeUse(
  { pausesInUse, duty }: CarePolicy,
  { usedAt, pressure }: DeviceSignals,
  { now, heat, startedAt }: CareFacts,
): Hold | undefined {
  // The tap on Start is a use that asks for work.
  const isUsed = pausesInUse && usedAt !== undefined && usedAt > after(startedAt, millis(START_MS));
  const freeAt = isUsed ? after(usedAt, millis(IN_USE_MS)) : now;
  if (freeAt > now) return { reason: why('in-use', {}), until: freeAt };
  // Where it computes all the time, its own work is what keeps the system busy.
  if (pressure === 'critical' && duty < 100) return { reason: why('system-busy', {}) };
  const { coolsUntil, slower } = heat;
  if (coolsUntil === undefined || coolsUntil <= now) return undefined;
  return { reason: why('warm', { percent: slower }), until: coolsUntil };
}
