import { expect, test } from 'vitest';
import type { Trial } from '#protocol/messages/control.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { why } from '#protocol/values/reason.ts';
import { viewTrials } from './trial-view.ts';

const trial = (given: Partial<Trial>): Trial =>
  ({ dtype: 'f32', threads: 1, outcome: 'fit', reason: why('right', {}), ...given }) as Trial;

test('the fastest fit trial of the chosen provider wins; what was left out says why', () => {
  const rows = viewTrials({
    provider: 'wasm',
    trials: [
      trial({ provider: 'wasm', threads: 1, unitMs: 80 as never }),
      trial({ provider: 'wasm', threads: 4, unitMs: 20 as never }),
      trial({ provider: 'webgpu', outcome: 'wrong', unitMs: 5 as never }),
      trial({
        provider: 'webnn',
        outcome: 'skipped',
        reason: why('not-offered', { provider: 'webnn' }),
      }),
    ],
  } satisfies Pick<DeviceStatus, 'trials' | 'provider'>);
  expect(rows.map(({ chosen }) => chosen)).toEqual([false, true, false, false]);
  expect(rows.map(({ length }) => length)).toEqual([1, 0.25, 0.0625, 0]);
  expect(rows[3]).toMatchObject({
    outcome: 'skipped',
    reason: 'This browser does not offer WebNN.',
  });
  expect(rows[3]).not.toHaveProperty('time');
});
