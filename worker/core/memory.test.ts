import { expect, test } from 'vitest';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant } from '#protocol/values/units.ts';
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

test('a page that was reloaded in a risky step was not killed by it', () => {
  const tombstone = { package: PACKAGE, provider: 'webgpu', at: instant(5) } as const;
  const heap = { underway: { bytes: bytes(9), at: instant(5) } };
  const memory: DeviceMemory = { deaths: [], admissions: [], tombstone, heap };
  expect(openMemory(memory, instant(6))).toEqual({ deaths: [], admissions: [], heap: {} });
  expect(openMemory(memory, instant(4))).toMatchObject({
    deaths: [tombstone],
    heap: { failed: heap.underway },
  });
});

test('a tombstone of the last tab counts as a death', () => {
  const tombstone = { package: PACKAGE, provider: 'webgpu', at: instant(5) } as const;
  const memory: DeviceMemory = { deaths: [], admissions: [], tombstone };
  expect(openMemory(memory).deaths).toEqual([tombstone]);
});
