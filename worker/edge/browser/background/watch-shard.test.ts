import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import type { ContributorEvent } from '../../../core/events.ts';
import { watchShard } from './watch-shard.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const STATUS: DeviceStatus = {
  ...{ phase: 'connecting', reason: why('greeting', {}), since: instant(0), trials: [] },
  ...{ unitsAccepted: 0, shardsAccepted: 0, unitsChecked: 0, unitsMismatched: 0 },
  ...{ verdicts: [], served: bytes(0) },
};
const shard = { job: `job_${'1'.repeat(16)}` as JobId, unitsDone: 0, units: 16 };
const AT_WORK: DeviceStatus = { ...STATUS, phase: 'working', shard };

/** A watch over a device that only writes down what it is told. */
function openWatch() {
  const posted: ContributorEvent['type'][] = [];
  let isAwaited = false;
  let isClosed = false;
  const watch = watchShard(async () => isAwaited);
  const ended = watch.start({
    post: ({ type }) => void posted.push(type),
    close() {
      isClosed = true;
    },
  });
  return {
    ...{ posted, watch, ended },
    isClosed: () => isClosed,
    await() {
      isAwaited = true;
    },
  };
}

test('a device takes one shard, and is closed when it counts', async () => {
  const { posted, watch, ended, isClosed } = openWatch();
  watch.tell(AT_WORK);
  watch.tell(AT_WORK);
  expect(posted).toEqual(['start', 'finish']);
  watch.tell({ ...STATUS, phase: 'off', reason: why('stopped', {}), unitsAccepted: 16 });
  await vi.advanceTimersByTimeAsync(500);
  expect(await ended).toEqual(why('background-done', { units: 16 }));
  expect(isClosed()).toBe(true);
});

test('a shard that takes more than 20 s is given back', async () => {
  const { posted, watch, ended } = openWatch();
  for (let second = 0; second < 20; second += 1) {
    watch.tell(AT_WORK);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(posted.at(-1)).toBe('stop');
  await vi.advanceTimersByTimeAsync(500);
  expect(await ended).toEqual(why('background-late', { seconds: 20 }));
});

test('a page that waits to work has its turn at once', async () => {
  const { posted, watch, ended, await: waits } = openWatch();
  watch.tell(AT_WORK);
  waits();
  await vi.advanceTimersByTimeAsync(100);
  expect(posted.at(-1)).toBe('stop');
  await vi.advanceTimersByTimeAsync(500);
  expect(await ended).toEqual(why('tab-at-work', {}));
});

test.each([
  [
    'a hub that is away',
    { phase: 'waiting', reason: why('reconnecting', { text: 'no', seconds: 1 }) },
    why('hub-away', { text: 'no' }),
  ],
  [
    'a hub that turns the device down',
    { phase: 'refused', reason: why('refused', { text: 'banned' }) },
    why('refused', { text: 'banned' }),
  ],
  [
    'settings that hold it back',
    { phase: 'paused', reason: why('unplugged', {}) },
    why('unplugged', {}),
  ],
] as const)('%s ends it', async (_, told, reason) => {
  const { watch, ended } = openWatch();
  watch.tell({ ...STATUS, ...told });
  await vi.advanceTimersByTimeAsync(500);
  expect(await ended).toEqual(reason);
});

test('a hub without work for it is left after five seconds', async () => {
  const { posted, watch, ended } = openWatch();
  watch.tell(STATUS);
  const idle: DeviceStatus = { ...STATUS, phase: 'idle', reason: why('no-jobs', {}) };
  for (let second = 0; second <= 5; second += 1) {
    watch.tell(idle);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(posted).toEqual(['start', 'stop']);
  expect(await ended).toEqual(why('no-jobs', {}));
});
