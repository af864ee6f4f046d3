import type { HourRange } from '#protocol/messages/care.ts';
import { type Instant, instant } from '#protocol/values/units.ts';

export const DAY_MINUTES = 1_440;
const MINUTE_MS = 60_000;

/** Where a device's local week stands: `day` counts local days since 1970. */
export interface LocalTime {
  day: number;
  /** From Sunday, 0, to Saturday. */
  weekday: number;
  minute: number;
}

/** The local time of a device whose clock is so many minutes ahead of UTC. */
export function localTime(now: Instant, utcOffset: number): LocalTime {
  const minutes = Math.floor(now / MINUTE_MS) + utcOffset;
  const day = Math.floor(minutes / DAY_MINUTES);
  // 1 January 1970 was a Thursday.
  return { day, weekday: (((day + 4) % 7) + 7) % 7, minute: minutes - day * DAY_MINUTES };
}

/** When this local day and minute begins. */
export const instantOf = (day: number, minute: number, utcOffset: number): Instant =>
  instant((day * DAY_MINUTES + minute - utcOffset) * MINUTE_MS);

type Hours = readonly (HourRange | 'never' | 'all')[];

/** Whether work is wanted then: also by a range of the day before that goes past midnight. */
export function isWithinHours(hours: Hours, { weekday, minute }: LocalTime): boolean {
  const today = hours[weekday] ?? 'all';
  const before = hours[(weekday + 6) % 7] ?? 'never';
  if (typeof before === 'object' && before.to < before.from && minute < before.to) return true;
  if (typeof today === 'string') return today === 'all';
  return minute >= today.from && (today.to <= today.from || minute < today.to);
}

/** When work is wanted next, within a week; undefined where it never is. */
export function nextWithinHours(
  hours: Hours,
  now: Instant,
  utcOffset: number,
): Instant | undefined {
  const { day, weekday } = localTime(now, utcOffset);
  for (let ahead = 0; ahead <= 7; ahead += 1) {
    const range = hours[(weekday + ahead) % 7] ?? 'all';
    if (range === 'never') continue;
    const at = instantOf(day + ahead, range === 'all' ? 0 : range.from, utcOffset);
    if (at > now) return at;
  }
  return undefined;
}
