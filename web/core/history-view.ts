import { describeDeveloper, describePurpose } from '#protocol/api/job-words.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { DeviceHistory, HistoryDay, HistoryNote } from '#protocol/messages/history.ts';
import { type CarbonRegion, estimateCarbon, estimateEnergy, type Range } from './energy.ts';
import { formatBytes, formatCount, formatMillis, formatNoun, formatRough } from './format.ts';
import type { Platform } from './platforms.ts';

/** A line of what a device did. */
export interface HistoryLine {
  at: number;
  text: string;
  /** What it was for. */
  detail?: string;
  tone: 'calm' | 'good' | 'warn' | 'bad';
}

/** Totals over all visits. */
export interface HistoryTotals {
  units: string;
  atWork: string;
  data: string;
  days: string;
  /** Days in a row until today or yesterday. */
  streak: number;
  energy: string;
  carbon: string;
  server: string;
}

/** Sums up all visits of a device. */
export function viewTotals(
  { days }: DeviceHistory,
  { today, platform, region }: { today: number; platform: Platform['name']; region: CarbonRegion },
  locale?: string,
): HistoryTotals {
  const sum = (field: 'units' | 'bytes' | 'threadMs' | 'acceleratorMs') =>
    days.reduce((all, day) => all + day[field], 0);
  const { total, server } = estimateEnergy(days, platform);
  const { low, high } = estimateCarbon(total, region);
  return {
    units: formatCount(sum('units'), locale),
    atWork: formatMillis(sum('threadMs') + sum('acceleratorMs'), locale),
    data: formatBytes(sum('bytes'), locale),
    days: formatNoun(days.length, 'day', locale),
    streak: countStreak(days, today),
    energy: `${showRange(total, locale)} Wh`,
    carbon: `${showRange({ low, high }, locale)} g CO₂e`,
    server: `${showRange(server, locale)} Wh`,
  };
}

/** A range in two digits each; never one number. */
const showRange = ({ low, high }: Range, locale?: string): string =>
  `${formatRough(low, locale)} to ${formatRough(high, locale)}`;

/** Days in a row with an accepted unit, until today or yesterday. */
export function countStreak(days: readonly HistoryDay[], today: number): number {
  const active = new Set(days.filter(({ units }) => units > 0).map(({ day }) => day));
  let day = active.has(today) ? today : today - 1;
  let streak = 0;
  for (; active.has(day); day -= 1) streak += 1;
  return streak;
}

/** A note in words. */
export function viewNote(note: HistoryNote, locale?: string): HistoryLine {
  const { at } = note;
  switch (note.what) {
    case 'started':
      return { at, text: 'Started', tone: 'calm' };
    case 'stopped':
      return { at, text: 'Stopped', tone: 'calm' };
    case 'resumed':
      return { at, text: 'Went on', tone: 'calm' };
    case 'paused':
      return { at, text: `Paused: ${describeReason(note.reason)}`, tone: 'warn' };
    case 'accepted': {
      const { units, model, computeMs, about } = note;
      const took = formatMillis(computeMs, locale);
      return {
        at,
        text: `${formatNoun(units, 'unit', locale)} of ${model} accepted, ${took}`,
        ...(about && { detail: `${describePurpose(about)}, for ${describeDeveloper(about)}` }),
        tone: 'good',
      };
    }
    case 'verdict': {
      const isRight = note.kind === 'match';
      const found = isRight ? 'was right' : `was judged: ${note.kind}`;
      return { at, text: `A check: unit ${note.unit} ${found}`, tone: isRight ? 'good' : 'bad' };
    }
  }
}
