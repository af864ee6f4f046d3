import type { DeviceSignals } from '#protocol/messages/care.ts';
import { instant } from '#protocol/values/units.ts';

const HOUR_MS = 3_600_000;

/** What happens to a phone from six in the evening to seven in the morning, a page of ours open. */
export interface Evening {
  isPlugged: boolean;
  isUsed: boolean;
  line: NonNullable<DeviceSignals['line']>;
}

/** When it begins: Monday, 30 November 2026, at 18:00 UTC. */
export const EVENING = { from: instant(Date.UTC(2026, 10, 30, 18)), hours: 13 };

/** On the way home until seven, in use on and off until eleven, on its charger from half past ten. */
export function eveningAt(now: number): Evening {
  const hour = (now - EVENING.from) / HOUR_MS;
  const minute = Math.floor(hour * 60);
  return {
    isPlugged: hour >= 4.5 && hour < 12.75,
    // Ten minutes of each half hour.
    isUsed: (hour < 5 && minute % 30 < 10) || hour >= 12.75,
    line: hour < 1 ? 'cellular' : 'wifi',
  };
}
