import { describe, expect, test } from 'vitest';
import { addToDay, type HistoryDay, type HistoryNote } from '#protocol/messages/history.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant, lamports, millis } from '#protocol/values/units.ts';
import { CARBON_REGIONS, estimateCarbon, estimateEnergy } from './energy.ts';
import { countLongest, countStreak, mergeLines, viewNote, viewTotals } from './history-view.ts';

const JOB = 'job_0000000000000001' as JobId;
const NOTE = {
  what: 'accepted',
  at: instant(0),
  day: 10,
  bytesToday: bytes(1_000),
  job: JOB,
  model: 'digits',
  units: 64,
  computeMs: millis(3_600_000),
  provider: 'wasm',
  threads: 2,
} as const;
const dayOf = (day: number, units = 1): HistoryDay => ({
  ...{ day, shards: 1, units, bytes: bytes(0), threadMs: millis(0), acceleratorMs: millis(0) },
});

describe('a day', () => {
  test('sums its shards; the bytes of a day are a sum already', () => {
    const first = addToDay(undefined, NOTE);
    const both = addToDay(first, { ...NOTE, bytesToday: bytes(3_000), provider: 'webgpu' });
    expect(both).toEqual({
      ...{ day: 10, shards: 2, units: 128, bytes: 3_000 },
      ...{ threadMs: 7_200_000, acceleratorMs: 3_600_000 },
    });
  });

  test('counts for a streak until today or yesterday', () => {
    const days = [dayOf(5), dayOf(8), dayOf(9), dayOf(10)];
    expect(countStreak(days, 10)).toBe(3);
    expect(countStreak(days, 11)).toBe(3);
    expect(countStreak(days, 12)).toBe(0);
    expect(countStreak([dayOf(10, 0)], 10)).toBe(0);
    expect(countStreak([], 10)).toBe(0);
  });
});

describe('energy', () => {
  test('is power by time, and always a range', () => {
    const day = { ...addToDay(undefined, NOTE), bytes: bytes(1e9) };
    expect(estimateEnergy([day], 'android')).toMatchObject({
      device: { low: 0.8, high: 3 },
      network: { low: 1, high: 60 },
      total: { low: 1.8, high: 63 },
    });
    const { total } = estimateEnergy([day, day], 'desktop');
    expect(total.low).toBeLessThan(total.high);
    expect(estimateCarbon({ low: 1_000, high: 2_000 }, 'de')).toEqual({ low: 381, high: 762 });
  });

  test('of every region is that of its electricity', () => {
    for (const grams of Object.values(CARBON_REGIONS)) expect(grams).toBeGreaterThan(0);
  });
});

test('totals are in words, with both ends of what is estimated', () => {
  const history = { days: [addToDay(undefined, NOTE)], notes: [] };
  const about = { today: 10, platform: 'ios', region: 'world' } as const;
  expect(viewTotals(history, about)).toMatchObject({
    ...{ units: '64', atWork: '2 hr', data: '1 kB', days: 'on 1 day', streak: 1 },
    energy: '0.8 to 3 Wh',
    carbon: '0.38 to 1.4 g CO₂e',
  });
});

test.each<[HistoryNote, string]>([
  [{ what: 'started', at: instant(0) }, 'Started'],
  [{ what: 'stopped', at: instant(0) }, 'Stopped'],
  [
    { what: 'claimed', at: instant(0), amount: lamports(2_500_000n), recipient: 'A' as Address },
    'Claimed 0.0025 SOL',
  ],
  [{ what: 'resumed', at: instant(0) }, 'Went on'],
  [{ what: 'paused', at: instant(0), reason: why('cellular', {}) }, 'mobile data'],
  [NOTE, '64 units of digits accepted, 1 hr'],
  [{ what: 'verdict', at: instant(0), job: JOB, unit: 3, kind: 'match' }, 'unit 3 was right'],
  [{ what: 'verdict', at: instant(0), job: JOB, unit: 3, kind: 'mismatch' }, 'mismatch'],
])('%j is told in words', (note, part) => {
  expect(viewNote(note).text).toContain(part);
});

test('accepted units are told with what they were for, and for whom', () => {
  const developer = 'dev_0123456789abcdef' as DeveloperId;
  const about = { job: JOB, name: 'poems', developer, category: 'language' } as const;
  const detail = (more: object) => viewNote({ ...NOTE, about: { ...about, ...more } }).detail;
  expect(viewNote(NOTE).detail).toBeUndefined();
  expect(detail({})).toBe('Runs a model on numbers, for the operator');
  expect(detail({ purpose: 'Finds poems', developerName: 'Library' })).toBe(
    'Finds poems, for Library',
  );
});

test('the most days in a row are found among all days, and lines are merged by time', () => {
  expect(countLongest([1, 2, 4, 5, 6, 9].map((day) => dayOf(day)))).toBe(3);
  expect(countLongest([dayOf(3, 0)])).toBe(0);
  const line = (at: number) => ({ at, text: `${at}`, tone: 'calm' }) as const;
  expect(mergeLines([line(5), line(1)], [line(3)]).map(({ at }) => at)).toEqual([5, 3, 1]);
});
