import { expect, test } from 'vitest';
import type { Partition, Provider } from '#protocol/values/provider.ts';
import { why } from '#protocol/values/reason.ts';
import { bytes } from '#protocol/values/units.ts';
import { openBench } from './fake-world.ts';

/** A device with WebNN, admitted to a package; each of its providers says so much of the graph. */
function admit(
  chosen: Provider | 'auto',
  partitions: Partial<Record<Provider, Partition>>,
  providers: Provider[] = ['webnn-npu', 'webnn-gpu', 'wasm'],
) {
  const capabilities = {
    ...{ providers, features: [], threads: 1 },
    ...{ memoryBytes: bytes(1e9), engine: 'test' },
  };
  const bench = openBench({ capabilities, provider: chosen, holdLoads: true });
  bench.join();
  for (let tried = 0; tried < bench.all('load').length; tried += 1) {
    const { worker = 0, provider = 'wasm' } = bench.all('load')[tried] ?? {};
    const partition = partitions[provider];
    bench.post({ type: 'loaded', worker, ...(partition && { partition }) });
  }
  return bench;
}
const SOME = { nodes: 9, taken: 7, parts: 2 };
const NONE = { nodes: 9, taken: 0, parts: 0 };

test('NPU and GPU are tried each by itself, and the trial says what they took of the graph', () => {
  const bench = admit('auto', { 'webnn-npu': SOME });
  expect(bench.device.trials).toMatchObject([
    { provider: 'webnn-npu', outcome: 'fit', partition: SOME, l2: 0 },
    { provider: 'webnn-gpu', outcome: 'fit', l2: 0 },
    { provider: 'wasm', outcome: 'fit' },
  ]);
  expect(bench.said()).toContain('admitted');
});

test('WebNN that takes nothing of a graph is not admitted: all of it would run on wasm', () => {
  const bench = admit('auto', { 'webnn-npu': NONE, 'webnn-gpu': NONE });
  const left = { outcome: 'failed', reason: why('graph-not-taken', { nodes: 9 }) };
  expect(bench.device.trials).toMatchObject([
    { provider: 'webnn-npu', ...left },
    { provider: 'webnn-gpu', ...left },
    { provider: 'wasm', outcome: 'fit' },
  ]);
});

test('who chooses WebNN means all of it that the browser has', () => {
  const tried = (bench: ReturnType<typeof admit>) =>
    bench.device.trials.map(({ provider, outcome }) => [provider, outcome]);
  expect(tried(admit('webnn', {}))).toEqual([
    ['webnn-npu', 'fit'],
    ['webnn-gpu', 'fit'],
  ]);
  expect(tried(admit('webnn', {}, ['wasm']))).toEqual([['webnn', 'skipped']]);
});
