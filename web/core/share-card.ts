import { plural, t } from '@lingui/core/macro';
import type { DeviceHistory } from '#protocol/messages/history.ts';
import { formatCount, formatMillis } from './format.ts';
import { countLongest, countStreak } from './history-view.ts';

/** The words of a picture that a person may share: no key of a device, and no sum of money. */
export interface ShareCard {
  title: string;
  figures: readonly { value: string; label: string }[];
  /** Where others can help as well. */
  foot: string;
}

/** What a picture of a device's work says. */
export function viewShareCard(
  { days }: DeviceHistory,
  { today, host }: { today: number; host: string },
): ShareCard {
  const sum = (field: 'units' | 'threadMs' | 'acceleratorMs') =>
    days.reduce((all, day) => all + day[field], 0);
  const streak = countStreak(days, today);
  return {
    title: t`My device lends AI its spare seconds`,
    figures: [
      { value: formatCount(sum('units')), label: t`units accepted` },
      { value: formatMillis(sum('threadMs') + sum('acceleratorMs')), label: t`at work` },
      {
        value: formatCount(days.length),
        label: plural(days.length, { one: 'day', other: 'days' }),
      },
      streak > 1
        ? { value: formatCount(streak), label: t`days in a row` }
        : { value: formatCount(countLongest(days)), label: t`most days in a row` },
    ],
    foot: t`Pocketgrid at ${host}`,
  };
}
