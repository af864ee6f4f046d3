import { expect, test } from 'vitest';
import type { DeviceHistory, HistoryDay } from '#protocol/messages/history.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import { viewShareCard } from './share-card.ts';

const dayOf = (day: number, units: number): HistoryDay => ({
  ...{ day, shards: 1, units, bytes: bytes(7), threadMs: millis(60_000), acceleratorMs: millis(0) },
});
const historyOf = (...days: number[]): DeviceHistory => ({
  ...{ days: days.map((day) => dayOf(day, 1_000)), notes: [] },
});
const view = (history: DeviceHistory, today: number) =>
  viewShareCard(history, { today, host: 'grid.example' });

test('a picture says units, time, days and days in a row, and where the grid is', () => {
  const { figures, foot } = view(historyOf(8, 9, 10), 10);
  expect(figures.map(({ value, label }) => `${value} ${label}`)).toEqual([
    ...['3,000 units accepted', '3 min at work', '3 days', '3 days in a row'],
  ]);
  expect(foot).toContain('grid.example');
});

test('a row of days that has ended is told as the longest one', () => {
  const { figures } = view(historyOf(1, 2, 3, 4, 9), 20);
  expect(figures.at(-1)).toEqual({ value: '4', label: 'most days in a row' });
});
