import { expect, test } from 'vitest';
import { bytes } from '#protocol/values/units.ts';
import { LEASE, MANIFEST, openBench, PACKAGE } from './fake-world.ts';

const TOTAL = bytes(2_800_000);
const BROKEN = { code: 'download-failed' as const, message: 'the line broke' };

/** A page that was started and knows a package; its runtime comes as the test says. */
function joinPage(change: Parameters<typeof openBench>[0] = {}) {
  const bench = openBench({ fetchesRuntime: true, ...change });
  bench.join();
  const fetches = () => bench.all('fetch-runtime');
  const fetch = () => fetches().at(-1)?.fetch ?? 0;
  return {
    ...bench,
    fetches,
    come: () => bench.post({ type: 'fetched', fetch: fetch() }),
    lose: () => bench.post({ type: 'fetch-failed', fetch: fetch(), refusal: BROKEN }),
    receive: (received: number) =>
      bench.post({
        ...{ type: 'runtime-progress', fetch: fetch() },
        ...{ received: bytes(received), total: TOTAL },
      }),
  };
}

test('the runtime is fetched from the start on, before the hub has said anything', () => {
  const bench = openBench({ fetchesRuntime: true });
  bench.post({ type: 'start' });
  expect(bench.all('fetch-runtime')).toMatchObject([{ build: 'cpu' }]);
});

test('a person who chose WebGPU waits for its build alone', () => {
  const bench = openBench({ fetchesRuntime: true, provider: 'webgpu' });
  bench.post({ type: 'start' });
  expect(bench.all('fetch-runtime')).toMatchObject([{ build: 'gpu' }]);
});

test('a download of ten minutes takes nothing of the time of a trial', () => {
  const page = joinPage();
  for (let second = 0; second < 600; second += 1) {
    page.receive((TOTAL * second) / 600);
    page.hear({ type: 'beat' });
    page.wait(1_000);
  }
  expect(page.status()).toMatchObject({
    phase: 'downloading',
    reason: { code: 'fetching-runtime' },
    runtime: { received: (TOTAL * 599) / 600, total: TOTAL },
  });
  expect(page.all('load')).toEqual([]);
  page.come();
  expect(page.said()).toContain('admitted');
  expect(page.said()).not.toContain('unfit');
  page.wait(500);
  expect(page.status()?.runtime).toBeUndefined();
});

test('a line that breaks is tried again, and is never told as a device that is wrong', () => {
  const page = joinPage();
  page.receive(1_000_000);
  for (let failure = 0; failure < 20; failure += 1) {
    page.lose();
    expect(page.status()).toMatchObject({
      phase: 'downloading',
      reason: { code: 'download-again', values: { text: 'the line broke' } },
      runtime: { received: 1_000_000 },
    });
    page.hear({ type: 'beat' });
    page.wait(31_000);
    expect(page.fetches()).toHaveLength(failure + 2);
  }
  page.come();
  expect(page.said()).toContain('admitted');
  expect(page.said()).not.toContain('unfit');
});

test('a kept admission is told to the hub when the runtime has come', () => {
  const before = joinPage();
  before.come();
  const page = joinPage({ memory: before.memory() });
  expect(page.said()).not.toContain('admitted');
  page.come();
  expect(page.said()).toContain('admitted');
  expect(page.all('load')).toEqual([]);
});

test('the build for a GPU is fetched when its trial comes, once', () => {
  const capabilities = {
    providers: ['wasm' as const, 'webgpu' as const],
    ...{ features: [], threads: 1, memoryBytes: bytes(1e9), engine: 'test' },
  };
  const page = joinPage({ capabilities });
  page.come();
  expect(page.fetches().map(({ build }) => build)).toEqual(['cpu', 'gpu']);
  expect(page.all('load').map(({ provider }) => provider)).toEqual(['wasm']);
  page.come();
  expect(page.all('load').map(({ provider }) => provider)).toEqual(['wasm', 'webgpu']);
  expect(page.said()).toContain('admitted');
  page.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest: MANIFEST });
  expect(page.fetches()).toHaveLength(2);
});

test('a compute worker whose program did not come is opened again later', () => {
  const page = joinPage({ holdLoads: true });
  page.come();
  const [load] = page.all('load');
  page.post({ type: 'worker-failed', worker: load?.worker ?? 0, refusal: BROKEN });
  expect(page.status()?.reason).toMatchObject({ code: 'download-again' });
  expect(page.memory().tombstone).toBeUndefined();
  page.wait(1_000);
  const again = page.all('load').at(-1);
  expect(again?.worker).not.toBe(load?.worker);
  page.post({ type: 'loaded', worker: again?.worker ?? 0 });
  expect(page.said()).toContain('admitted');
  expect(page.said()).not.toContain('unfit');
});
