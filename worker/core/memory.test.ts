import { expect, test } from 'vitest';
import { why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import type { DeviceMemory, KeptAdmission } from './events.ts';
import { openMemory } from './memory.ts';

const PACKAGE = 'b2'.repeat(32) as KeptAdmission['package'];
const kept = (reason: unknown) =>
  ({
    ...{ package: PACKAGE, runtime: 'r', chosen: 'auto', provider: 'wasm', dtype: 'f32' },
    ...{ threads: 1, unitMs: 2 },
    trials: [{ provider: 'wasm', dtype: 'f32', threads: 1, outcome: 'fit', unitMs: 2, reason }],
  }) as unknown as KeptAdmission;

test('an admission that an older version kept is made again', () => {
  const now = kept(why('right', {}));
  const memory: DeviceMemory = { deaths: [], admissions: [kept('its answers are right'), now] };
  expect(openMemory(memory).admissions).toEqual([now]);
});

test('a tombstone of the last tab counts as a death', () => {
  const tombstone = { package: PACKAGE, provider: 'webgpu', at: instant(5) } as const;
  const memory: DeviceMemory = { deaths: [], admissions: [], tombstone };
  expect(openMemory(memory).deaths).toEqual([tombstone]);
});
