import { expect, test } from 'vitest';
import { WISHES_NONE } from '#protocol/messages/background.ts';
import { why } from '#protocol/values/reason.ts';
import type { Lamports } from '#protocol/values/units.ts';
import { findNews, type Told } from './news.ts';

const ALL = { ...WISHES_NONE, tellsPay: true, tellsWork: true };
const lamports = (text: string) => text as Lamports;
const NONE: Told = { work: false };

test('that work waits is told once, and again after there was none', () => {
  const first = findNews(ALL, NONE, { jobsWaiting: 2 });
  expect(first.news).toEqual([why('work-waits', { jobs: 2 })]);
  const second = findNews(ALL, first.told, { jobsWaiting: 3 });
  expect(second.news).toEqual([]);
  const none = findNews(ALL, second.told, { jobsWaiting: 0 });
  expect(findNews(ALL, none.told, { jobsWaiting: 1 }).news).toHaveLength(1);
});

test('pay is told by what came to it, also where it is more than a number holds', () => {
  const before = findNews(ALL, NONE, { jobsWaiting: 0, settled: lamports('9007199254740993') });
  expect(before.news).toEqual([]);
  const after = findNews(ALL, before.told, {
    jobsWaiting: 0,
    settled: lamports('9007199254740998'),
  });
  expect(after.news).toEqual([why('pay-settled', { lamports: lamports('5') })]);
  expect(findNews(ALL, after.told, { jobsWaiting: 0 })).toEqual({ news: [], told: after.told });
});

test('who wants to be told nothing is told nothing', () => {
  const told: Told = { work: false, settled: lamports('1') };
  const found = { jobsWaiting: 1, settled: lamports('2') };
  expect(findNews(WISHES_NONE, told, found).news).toEqual([]);
});
