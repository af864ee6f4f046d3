import { expect, test } from 'vitest';
import type { VerifierEvent } from '../core/state/events.ts';
import { countExecution, countShown, openCost } from './cost.ts';

const check = (sequence: number, unitCount: number, exit = false) =>
  ({
    type: 'received',
    message: { type: 'check', shard: { sequence, unitCount }, ...(exit ? { exit } : {}) },
  }) as unknown as VerifierEvent;

test('a shard that is sent again, or audited later, counts once', () => {
  const cost = openCost();
  for (const event of [check(0, 8), check(1, 4), check(0, 8), check(1, 4, true)]) {
    countShown(cost, event);
  }
  countShown(cost, { type: 'tick' });
  expect(cost.units).toBe(12);
});

test('a re-execution counts however it ends', async () => {
  const cost = openCost();
  expect(await countExecution(cost, async () => 'done')).toBe('done');
  await expect(countExecution(cost, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(cost.executions).toBe(2);
  expect(cost.executeMs).toBeGreaterThanOrEqual(0);
});
