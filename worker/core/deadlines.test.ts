import { expect, test } from 'vitest';
import { openBench } from './fake-world.ts';

/** A device whose compute worker has a run of four units. */
function openRun() {
  const bench = openBench();
  bench.join();
  bench.lease('aa', 4);
  const worker = bench.all('load').at(-1)?.worker ?? 0;
  const run = bench.all('run').at(-1)?.run ?? 0;
  const wait = (seconds: number) => {
    for (let tick = 0; tick < 2 * seconds; tick += 1) bench.wait(500);
  };
  const sleep = (seconds: number) => bench.wait(1_000 * seconds);
  const progress = () => bench.post({ type: 'progress', worker, run, unitsDone: 1 });
  const loads = () => bench.all('load').filter((load) => load.worker >= worker);
  return { ...bench, worker, wait, sleep, progress, loads };
}

test('a compute worker that ends without a word is replaced after ten seconds', () => {
  const bench = openRun();
  bench.progress();
  bench.wait(9);
  expect(bench.all('terminate').map(({ worker }) => worker)).not.toContain(bench.worker);
  bench.wait(2);
  expect(bench.all('terminate').map(({ worker }) => worker)).toContain(bench.worker);
  bench.lease('bb');
  expect(bench.loads()).toHaveLength(2);
  expect(bench.said()).not.toContain('unfit');
});

test('a unit that takes longer than ten seconds is waited for, by what one took in admission', () => {
  const bench = openRun();
  const { admission } = [...bench.device.packages.values()][0] ?? {};
  Object.assign(admission ?? {}, { unitMs: 700 });
  bench.wait(13);
  expect(bench.loads()).toHaveLength(1);
  bench.wait(2);
  expect(bench.all('terminate').map(({ worker }) => worker)).toContain(bench.worker);
});

test('a model whose room was given back is fetched again, and nothing is told as unfit', () => {
  const bench = openBench({ holdLoads: true });
  bench.join();
  const gone = { code: 'blob-unknown' as const, message: 'the model cannot be read back' };
  const fail = () => {
    const worker = bench.all('load').at(-1)?.worker ?? 0;
    bench.post({ type: 'worker-failed', worker, refusal: gone });
  };
  const models = () => bench.all('fetch').filter(({ wantBytes }) => !wantBytes);
  fail();
  bench.wait(1_000);
  expect(models()).toHaveLength(2);
  bench.post({ type: 'loaded', worker: bench.all('load').at(-1)?.worker ?? 0 });
  expect(bench.said()).toContain('admitted');
  for (const lease of ['aa', 'bb', 'cc']) {
    bench.lease(lease);
    fail();
  }
  expect(models()).toHaveLength(5);
  expect(bench.said()).not.toContain('unfit');
});

test('a device that slept takes no silence for a death', () => {
  const bench = openRun();
  bench.progress();
  bench.wait(5);
  bench.sleep(7);
  expect(bench.all('terminate').map(({ worker }) => worker)).not.toContain(bench.worker);
});
