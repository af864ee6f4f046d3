import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchSilence } from './silence.ts';

const page = { visibilityState: 'visible' };
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', page);
  page.visibilityState = 'visible';
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function openWatch() {
  const silent: number[] = [];
  return { silent, watch: watchSilence((seconds) => silent.push(seconds)) };
}

test('a worker that falls silent is noticed after ten seconds, once', () => {
  const { silent, watch } = openWatch();
  for (let time = 0; time < 30; time += 1) {
    watch.heard();
    vi.advanceTimersByTime(2_000);
  }
  expect(silent).toEqual([]);
  vi.advanceTimersByTime(8_000);
  expect(silent).toEqual([10]);
  vi.advanceTimersByTime(60_000);
  expect(silent).toEqual([10]);
});

test('the program of a worker may take a minute and a half to come', () => {
  const { silent } = openWatch();
  vi.advanceTimersByTime(89_000);
  expect(silent).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(silent).toEqual([90]);
});

test('a page out of sight takes no silence for a death', () => {
  const { silent, watch } = openWatch();
  watch.heard();
  page.visibilityState = 'hidden';
  vi.advanceTimersByTime(600_000);
  page.visibilityState = 'visible';
  vi.advanceTimersByTime(9_000);
  expect(silent).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(silent).toHaveLength(1);
});
