import { expect, test } from 'vitest';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { PeerId, Root } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import type { DeviceMemory } from './events.ts';

import { LEASE, MANIFEST, openBench, PACKAGE, packageOf } from './fake-world.ts';

const FAR = why('too-far-off', { provider: 'webgpu', where: 'outputs' });
const SUSPENDED = { provider: 'webgpu' as const, reason: FAR };

// Threads change bits in units of one item: docs/exactness.md.
test.each([
  [1, 4, 1],
  [2, 4, 4],
  [16, 8, 4],
  [16, 1, 1],
])('units of %i items on a device with %i threads run on %i', (unitItems, has, runs) => {
  const capabilities = {
    providers: ['wasm' as const],
    features: [],
    threads: has,
    memoryBytes: bytes(1e9),
    engine: 'test',
  };
  const bench = openBench({ capabilities });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest: packageOf({ unitItems }) });
  expect(bench.all('load').at(-1)?.threads).toBe(runs);
});

test('wrong answers in admission make the device unfit, with the reason', () => {
  const bench = openBench();
  bench.answerWrongly();
  bench.join();
  expect(bench.said()).toContain('unfit');
  expect(bench.device.trials).toMatchObject([{ provider: 'wasm', outcome: 'wrong' }]);
});

const GPU = {
  providers: ['webgpu' as const, 'wasm' as const],
  features: [],
  threads: 1,
  memoryBytes: bytes(1e9),
  engine: 'test',
};

/** Admits a device with a GPU to a package. */
function admitGpu(change: { memory?: DeviceMemory; manifest?: PackageManifest } = {}) {
  const { manifest = MANIFEST, ...rest } = change;
  const bench = openBench({ capabilities: GPU, ...rest });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest });
  return bench;
}

test('a package that no GPU may run is tried without one, and the trial says why', () => {
  const bench = admitGpu({ manifest: { ...MANIFEST, providers: ['wasm'] } });
  expect(bench.all('load').map(({ provider }) => provider)).toEqual(['wasm']);
  expect(bench.said()).toContain('admitted');
  expect(bench.device.trials).toMatchObject([
    { provider: 'webgpu', outcome: 'skipped', reason: { code: 'exact-only' } },
    { provider: 'wasm', outcome: 'fit' },
  ]);
});

test('a provider that the hub has suspended is not tried, whatever was kept of it', () => {
  const before = admitGpu();
  const without = [SUSPENDED];
  const bench = openBench({ capabilities: GPU, memory: before.memory() });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest: MANIFEST, without });
  expect(bench.all('load').map(({ provider }) => provider)).toEqual(['wasm']);
  expect(bench.device.packages.get(PACKAGE)?.admission?.provider).toBe('wasm');
  expect(bench.device.trials).toMatchObject([
    { provider: 'webgpu', outcome: 'skipped', reason: SUSPENDED.reason },
    { provider: 'wasm', outcome: 'fit' },
  ]);
});

test('a device whose person chose the provider that is suspended is unfit, and says why', () => {
  const bench = openBench({ capabilities: GPU, provider: 'webgpu' });
  bench.post({ type: 'start' });
  bench.welcome();
  const without = [SUSPENDED];
  bench.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest: MANIFEST, without });
  expect([bench.all('fetch'), bench.all('load')]).toEqual([[], []]);
  expect(bench.said()).toContain('unfit');
});

test('a GPU whose driver computes garbage is found in admission, whatever it did before', () => {
  const before = admitGpu();
  expect(before.device.packages.get(PACKAGE)?.admission?.provider).toBe('webgpu');
  const bench = openBench({ capabilities: GPU, memory: before.memory() });
  bench.answerWrongly();
  bench.join();
  expect(bench.said()).toContain('unfit');
  expect(bench.device.trials).toMatchObject([
    { provider: 'webgpu', outcome: 'wrong' },
    { provider: 'wasm', outcome: 'wrong' },
  ]);
});

test('a kept admission is not measured again, but its model is fetched before the hub hears', () => {
  const first = openBench();
  first.join();
  const second = openBench({ memory: first.memory() });
  second.join();
  expect(second.all('run')).toEqual([]);
  expect(second.all('fetch')).toHaveLength(1);
  expect(second.said()).toContain('admitted');
});

test('a tab that died twice in a week on a provider is not risked again', () => {
  const death = { package: PACKAGE, provider: 'wasm' as const, at: instant(999_000) };
  const memory = { tombstone: death, deaths: [death], admissions: [] };
  const bench = openBench({ memory });
  bench.join();
  expect(bench.all('load')).toEqual([]);
  expect(bench.device.trials).toMatchObject([
    { outcome: 'skipped', reason: why('tab-ended', { days: 7 }) },
  ]);
});

test('a tab that died with four threads is tried once more with one, and then no more', () => {
  const capabilities = { ...GPU, providers: ['wasm' as const], threads: 4 };
  const manifest = packageOf({ unitItems: 2 });
  const visit = (memory: DeviceMemory) => {
    const bench = openBench({ capabilities, memory, holdLoads: true });
    bench.post({ type: 'start' });
    bench.welcome();
    bench.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest });
    return bench;
  };
  const first = visit({ deaths: [], admissions: [] });
  const second = visit(first.memory());
  const third = visit(second.memory());
  const threads = [first, second, third].map((bench) => bench.all('load').map((it) => it.threads));
  expect(threads).toEqual([[4], [1], []]);
  expect(third.device.trials).toMatchObject([{ reason: { code: 'tab-ended' } }]);
});

test('only a death in loading or in the first unit is told to the next life', () => {
  const bench = openBench({ holdLoads: true });
  bench.join();
  const worker = () => bench.all('load').at(-1)?.worker ?? 0;
  expect(bench.memory().tombstone).toBeDefined();
  bench.post({ type: 'loaded', worker: worker() });
  expect(bench.said()).toContain('admitted');
  bench.lease('aa', 2);
  expect(bench.memory().tombstone).toBeDefined();
  bench.post({ type: 'loaded', worker: worker() });
  expect(bench.memory().tombstone).toBeDefined();
  const [run = { run: 0 }] = bench.all('run').slice(-1);
  bench.post({ type: 'progress', worker: worker(), run: run.run, unitsDone: 1 });
  expect(bench.memory().tombstone).toBeUndefined();
});

test('a device that is stopped while it loads leaves no tombstone', () => {
  const bench = openBench({ holdLoads: true });
  bench.join();
  expect(bench.memory().tombstone).toBeDefined();
  bench.post({ type: 'stop' });
  expect(bench.memory().tombstone).toBeUndefined();
});

test('a source that gave no right bytes is reported while its model is fetched, eight at most', () => {
  const bench = openBench({ failFetches: true, serves: true });
  bench.join();
  const { root } = MANIFEST.variants[0]?.file ?? {};
  if (root === undefined) throw new RangeError('a package has a model');
  const sent = () =>
    bench.all('send').flatMap(({ message }) => (message.type === 'seek' ? [message] : []));
  expect(sent()).toEqual([{ type: 'seek', root }]);
  const peers = Array.from({ length: 9 }, (_, at) => `d-${at}` as PeerId);
  for (const peer of [...peers, ...peers]) bench.post({ type: 'source-failed', root, peer });
  bench.post({ type: 'source-failed', root: 'ff'.repeat(32) as Root, peer: 'd-9' as PeerId });
  const failed = peers.slice(0, 8);
  expect(sent().slice(1)).toEqual(
    failed.map((_, at) => ({ type: 'seek', root, failed: failed.slice(0, at + 1) })),
  );
  // The next try says it again: the hub may have forgotten.
  bench.wait(30_000);
  expect(sent().at(-1)).toEqual({ type: 'seek', root, failed });
  expect(sent()).toHaveLength(10);
});
