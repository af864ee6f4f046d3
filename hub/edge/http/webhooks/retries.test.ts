import { expect, it } from 'vitest';
import type { DeliveryAttempt } from '#protocol/api/webhooks.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { nextOf } from './retries.ts';

const attemptAt = (at: number, status?: number): DeliveryAttempt => ({
  ...{ at: instant(at), ms: millis(1) },
  ...(status === undefined ? { error: 'ECONNREFUSED' } : { status }),
});

it('a delivery that fails is tried ten times within a day, ever less often', () => {
  const attempts: DeliveryAttempt[] = [];
  const waits: number[] = [];
  for (let at = 0; ; ) {
    const attempt = attemptAt(at, 500);
    const next = nextOf({ event: 'job.done', attempts }, attempt, () => 0.5);
    attempts.push(attempt);
    if (next.nextAt === undefined) {
      expect(next.state).toBe('failed');
      break;
    }
    waits.push(next.nextAt - at);
    at = next.nextAt;
  }
  expect(attempts).toHaveLength(10);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3_600_000;
  expect(Math.round(hours)).toBe(24);
});

it('waits differ by a tenth at most', () => {
  const waitBy = (chance: number) =>
    nextOf({ event: 'job.done', attempts: [] }, attemptAt(0), () => chance).nextAt;
  expect([0, 0.5, 1].map(waitBy)).toEqual([4_500, 5_000, 5_500]);
});

it.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [301, 'waiting'],
  [404, 'waiting'],
  [410, 'failed'],
  [500, 'waiting'],
  [undefined, 'waiting'],
] as const)('an answer of %s is %s', (status, state) => {
  expect(nextOf({ event: 'job.done', attempts: [] }, attemptAt(0, status)).state).toBe(state);
});

it('a test is sent once', () => {
  expect(nextOf({ event: 'webhook.test', attempts: [] }, attemptAt(0, 500))).toEqual({
    state: 'failed',
  });
});
