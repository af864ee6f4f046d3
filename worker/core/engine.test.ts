import { expect, test } from 'vitest';
import type { Digest } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { LEASE, MANIFEST, openBench, PACKAGE } from './fake-world.ts';

const OTHER = '34'.repeat(32) as Digest;
const THIRD = '56'.repeat(32) as Digest;

/** A device that was admitted to some packages, each of a megabyte, and computes their shards. */
function openDevice(packages: Digest[], memoryBytes: number) {
  const { capabilities } = openBench().device.config;
  const bench = openBench({
    capabilities: { ...capabilities, memoryBytes: bytes(memoryBytes) },
  });
  bench.post({ type: 'start' });
  bench.welcome();
  for (const id of packages) {
    bench.hear({
      type: 'admit',
      id,
      job: LEASE.job,
      manifest: { ...MANIFEST, peakBytes: bytes(1_000_000) },
    });
  }
  const trials = bench.all('load').length;
  const ended = bench.all('terminate').length;
  let leases = 10;
  return {
    ...bench,
    compute(id: Digest): void {
      const lease = bench.lease(`${leases++}`, 1, { id });
      bench.endRun();
      bench.hear({ type: 'revoked', lease, code: 'job-state', message: 'the test goes on' });
    },
    loads: () => bench.all('load').length - trials,
    ends: () => bench.all('terminate').length - ended,
  };
}

test('a device that alternates between packages loads each once while they fit', () => {
  const device = openDevice([PACKAGE, OTHER], 2_000_000);
  for (const id of [PACKAGE, OTHER, PACKAGE, OTHER, PACKAGE]) device.compute(id);
  expect(device.all('run').length).toBeGreaterThanOrEqual(5);
  expect(device.loads()).toBe(2);
  expect(device.ends()).toBe(0);
});

test('a package that does not fit beside the others ends the one used longest ago', () => {
  const device = openDevice([PACKAGE, OTHER, THIRD], 2_500_000);
  for (const id of [PACKAGE, OTHER, PACKAGE]) device.compute(id);
  const second = device.all('load').at(-1)?.worker;
  device.compute(THIRD);
  expect(device.all('terminate').at(-1)?.worker).toBe(second);
  device.compute(PACKAGE);
  expect(device.loads()).toBe(3);
  device.compute(OTHER);
  expect(device.loads()).toBe(4);
});

test('a device with room for one package keeps one', () => {
  const device = openDevice([PACKAGE, OTHER], 1_500_000);
  for (const id of [PACKAGE, OTHER, PACKAGE]) device.compute(id);
  expect(device.loads()).toBe(3);
  expect(device.ends()).toBe(2);
});

test('a hidden device ends every compute worker, and loads again when it is seen', () => {
  const device = openDevice([PACKAGE, OTHER], 2_000_000);
  for (const id of [PACKAGE, OTHER]) device.compute(id);
  device.post({ type: 'visible', visible: false });
  expect(device.ends()).toBe(2);
  device.post({ type: 'visible', visible: true });
  device.compute(PACKAGE);
  expect(device.loads()).toBe(3);
});

test('a compute worker that breaks while it rests is loaded anew, and nothing else is lost', () => {
  const device = openDevice([PACKAGE, OTHER], 2_000_000);
  device.compute(PACKAGE);
  const worker = device.all('load').at(-1)?.worker ?? 0;
  device.compute(OTHER);
  const refusal = { code: 'provider-failed' as const, message: 'the adapter was lost' };
  device.post({ type: 'worker-failed', worker, refusal });
  device.compute(OTHER);
  expect(device.loads()).toBe(2);
  device.compute(PACKAGE);
  expect(device.loads()).toBe(3);
});
