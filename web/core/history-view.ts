import { plural, t } from '@lingui/core/macro';
import type { DeviceHistory, HistoryDay, HistoryNote } from '#protocol/messages/history.ts';
import { type CarbonRegion, estimateCarbon, estimateEnergy, type Range } from './energy.ts';
import { formatBytes, formatCount, formatMillis, formatRough, formatSol } from './format.ts';
import { sayDeveloper, sayPurpose, sayReason } from './language.ts';
import type { Platform } from './platforms.ts';
import { nameVerdict } from './verdict-view.ts';

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
  /** The most days in a row that there ever were. */
  longest: number;
  energy: string;
  carbon: string;
  server: string;
}

/** Sums up all visits of a device. */
export function viewTotals(
  { days }: DeviceHistory,
  { today, platform, region }: { today: number; platform: Platform['name']; region: CarbonRegion },
): HistoryTotals {
  const sum = (field: 'units' | 'bytes' | 'threadMs' | 'acceleratorMs') =>
    days.reduce((all, day) => all + day[field], 0);
  const { total, server } = estimateEnergy(days, platform);
  const { low, high } = estimateCarbon(total, region);
  return {
    units: formatCount(sum('units')),
    atWork: formatMillis(sum('threadMs') + sum('acceleratorMs')),
    data: formatBytes(sum('bytes')),
    days: t`on ${plural(days.length, { one: '# day', other: '# days' })}`,
    streak: countStreak(days, today),
    longest: countLongest(days),
    energy: `${showRange(total)} Wh`,
    carbon: `${showRange({ low, high })} g CO₂e`,
    server: `${showRange(server)} Wh`,
  };
}

/** A range in two digits each; never one number. */
const showRange = ({ low, high }: Range): string => t`${formatRough(low)} to ${formatRough(high)}`;

/** Days in a row with an accepted unit, until today or yesterday. */
export function countStreak(days: readonly HistoryDay[], today: number): number {
  const active = new Set(days.filter(({ units }) => units > 0).map(({ day }) => day));
  let day = active.has(today) ? today : today - 1;
  let streak = 0;
  for (; active.has(day); day -= 1) streak += 1;
  return streak;
}

/** The most days in a row with an accepted unit. */
export function countLongest(days: readonly HistoryDay[]): number {
  const active = days.filter(({ units }) => units > 0).map(({ day }) => day);
  return active.reduce((most, day) => Math.max(most, countStreak(days, day)), 0);
}

/** A note in words. */
export function viewNote(note: HistoryNote): HistoryLine {
  const { at } = note;
  switch (note.what) {
    case 'started':
      return { at, text: t`Started`, tone: 'calm' };
    case 'stopped':
      return { at, text: t`Stopped`, tone: 'calm' };
    case 'resumed':
      return { at, text: t`Went on`, tone: 'calm' };
    case 'paused':
      return { at, text: t`Paused: ${sayReason(note.reason)}`, tone: 'warn' };
    case 'accepted': {
      const { units, model, computeMs, about } = note;
      const took = formatMillis(computeMs);
      return {
        at,
        text: t`${plural(units, { one: '# unit', other: '# units' })} of ${model} accepted, ${took}`,
        ...(about && { detail: t`${sayPurpose(about)}, for ${sayDeveloper(about)}` }),
        tone: 'good',
      };
    }
    case 'claimed': {
      const sum = formatSol(BigInt(note.amount));
      return { at, text: t`Claimed ${sum}`, detail: t`paid to ${note.recipient}`, tone: 'good' };
    }
    case 'verdict': {
      const isRight = note.kind === 'match';
      return isRight
        ? { at, text: t`A check: unit ${note.unit} was right`, tone: 'good' }
        : {
            at,
            text: t`A check: unit ${note.unit} was judged: ${nameVerdict(note.kind)}`,
            tone: 'bad',
          };
    }
  }
}

/** Lines of several lists in one, the newest first. */
export const mergeLines = (...lists: readonly (readonly HistoryLine[])[]): HistoryLine[] =>
  lists.flat().sort((a, b) => b.at - a.at);
