import { afterEach, expect, it } from 'vitest';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import type { Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import type { ContributorEvent } from '../../core/events.ts';
import { type ComputeOwner, openComputeOwner } from '../compute-owner.ts';
import { openMemoryCache } from '../memory-cache.ts';
import { openComputePort } from './compute-port.ts';

const MODELS = { Sqrt: [2, 3, 4], Neg: [-4, -9, -16] };
const owners: ComputeOwner[] = [];
afterEach(() => {
  for (const owner of owners.splice(0)) owner.close();
});

it('two models stay loaded side by side, and one goes on when the other ends', async () => {
  const cache = openMemoryCache(1_000_000);
  const events: ContributorEvent[] = [];
  const post = (event: ContributorEvent) => void events.push(event);
  const owner = openComputeOwner({ cache, openPort: openComputePort, post });
  owners.push(owner);
  const of = (worker: number, type: ContributorEvent['type']) =>
    events.filter((event) => event.type === type && 'worker' in event && event.worker === worker);

  for (const [at, op] of Object.keys(MODELS).entries()) {
    const data = sampleModel([{ op, inputs: ['x'], output: 'y' }], { width: 3 });
    const model = { root: `${at}`.repeat(64) as Root, length: bytes(data.length) };
    await cache.write(model, 0, data);
    await cache.finish(model);
    const inputs = [{ name: 'x', dtype: 'f32' as const, shape: [1, 3] }];
    const runtime = { kind: 'graph' as const, graphOptimization: 'all' as const, inputs };
    owner.load({ type: 'load', worker: at, model, provider: 'wasm', threads: 1, runtime });
  }
  const run = async (worker: number, number: number) => {
    const inputs = new Uint8Array(Float32Array.of(4, 9, 16).buffer);
    owner.run({ type: 'run', worker, run: number, unitCount: 1, inputs });
    const isRan = (event: ContributorEvent) => event.type === 'ran' && event.run === number;
    await expect.poll(() => events.some(isRan), { timeout: 50_000 }).toBe(true);
    const ran = events.find(isRan);
    if (ran?.type !== 'ran') throw new Error(JSON.stringify(events));
    expect([...new Float32Array(ran.bytes.buffer)]).toEqual(Object.values(MODELS)[worker]);
  };
  for (let number = 0; number < 6; number += 1) await run(number % 2, number);
  expect([of(0, 'loaded'), of(1, 'loaded')].map(({ length }) => length)).toEqual([1, 1]);
  owner.terminate(0);
  await run(1, 6);
  expect(events.filter(({ type }) => type === 'worker-failed')).toEqual([]);
});
