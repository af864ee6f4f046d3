import { beforeEach, expect, test } from 'vitest';
import type { Capabilities } from '#protocol/messages/control.ts';
import { type PackageManifest, REFERENCE_LANE } from '#protocol/models/package.ts';
import { bytes } from '#protocol/values/units.ts';
import { type Bench, deliver, joinWorker, openBench, PHONE, startJob } from '../fake-world.ts';
import { classOf } from './device-class.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

const FILE = { root: 'ab'.repeat(32), length: 1 };
const MANIFEST = {
  variants: [{ dtype: 'f32', file: FILE, needs: [] }],
  runtime: { reference: REFERENCE_LANE, unitItems: 4 },
} as unknown as PackageManifest;
const PHONE_GPU: Capabilities = {
  providers: ['webgpu', 'wasm'],
  features: [],
  threads: 8,
  memoryBytes: bytes(1e9),
  engine: 'chromium 156',
  adapter: 'arm valhall',
};
const GPU = { provider: 'webgpu', dtype: 'f32', threads: 1 } as const;
const CPU = { provider: 'wasm', dtype: 'f32', threads: 4 } as const;

test('devices of one provider, adapter, engine and unit size are one class', () => {
  const own = classOf(MANIFEST, PHONE_GPU, GPU);
  expect(classOf(MANIFEST, { ...PHONE_GPU, memoryBytes: bytes(1) }, GPU)).toBe(own);
  const others = [
    classOf(MANIFEST, PHONE_GPU, CPU),
    classOf(MANIFEST, PHONE_GPU, { ...CPU, threads: 2 }),
    classOf(MANIFEST, { ...PHONE_GPU, adapter: 'apple m1' }, GPU),
    classOf(MANIFEST, { ...PHONE_GPU, engine: 'chromium 157' }, GPU),
    classOf({ ...MANIFEST, runtime: { ...MANIFEST.runtime, unitItems: 8 } }, PHONE_GPU, GPU),
  ];
  expect(new Set([own, ...others]).size).toBe(6);
  // Without a GPU the adapter says nothing.
  expect(classOf(MANIFEST, { ...PHONE_GPU, adapter: 'apple m1' }, CPU)).toBe(others[0]);
});

test('any text that a device sends names a class', () => {
  for (const text of ['', '\ud800', 'é'.repeat(200), '\u0000']) {
    expect(classOf(MANIFEST, { ...PHONE_GPU, adapter: text, engine: text }, GPU)).toMatch(
      /^\w{64}$/,
    );
  }
});

test('an accepted shard says the class it was computed in, after a restart too', () => {
  startJob(bench, 100);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const mark = [...bench.hub().leases.values()][0]?.class;
  expect(mark).toMatch(/^[0-9a-f]{64}$/);
  deliver(bench, 2, PHONE);
  expect(bench.last(1, 'check')?.shard.class).toBe(mark);
});
