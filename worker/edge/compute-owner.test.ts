import { expect, test, vi } from 'vitest';
import type { ComputeReply, ComputeRequest } from '#protocol/messages/compute.ts';
import type { Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import type { ContributorEffect, ContributorEvent } from '../core/events.ts';
import { openComputeOwner } from './compute-owner.ts';
import { openMemoryCache } from './memory-cache.ts';
import type { OpenComputePort } from './ports.ts';

const model = { root: 'ab'.repeat(32) as Root, length: bytes(4) };
const load: Extract<ContributorEffect, { type: 'load' }> = {
  type: 'load',
  worker: 1,
  model,
  provider: 'wasm',
  threads: 1,
  runtime: { kind: 'graph', graphOptimization: 'all', inputs: [], outputs: [], taps: [] },
};

interface FakePort {
  posted: ComputeRequest[];
  terminated: boolean;
  reply(reply: ComputeReply): void;
  broken(reason: string): void;
}

async function openOwner({ held = true, refuses = false } = {}) {
  const cache = openMemoryCache(1_000);
  if (held) {
    await cache.write(model, 0, new Uint8Array([1, 2, 3, 4]));
    await cache.finish(model);
  }
  const events: ContributorEvent[] = [];
  const ports: FakePort[] = [];
  const openPort: OpenComputePort = (_provider, on) => {
    if (refuses) throw new Error('workers are forbidden here');
    const port: FakePort = { posted: [], terminated: false, ...on };
    ports.push(port);
    return {
      post: (request) => port.posted.push(request),
      terminate: () => {
        port.terminated = true;
      },
    };
  };
  const owner = openComputeOwner({ cache, openPort, post: (event) => events.push(event) });
  return { owner, events, ports };
}

test('the model goes to the port, and its answers to the core', async () => {
  const { owner, events, ports } = await openOwner();
  owner.load(load);
  await vi.waitUntil(() => ports[0]?.posted.length === 1);
  expect(ports[0]?.posted[0]).toMatchObject({ type: 'load', model: new Uint8Array([1, 2, 3, 4]) });
  ports[0]?.reply({ type: 'loaded' });
  owner.run({ type: 'run', worker: 1, run: 9, unitCount: 1, inputs: new Uint8Array(8) });
  ports[0]?.reply({ type: 'progress', run: 9, unitsDone: 1 });
  expect(ports[0]?.posted[1]).toMatchObject({ type: 'run', run: 9 });
  expect(events).toEqual([
    { type: 'loaded', worker: 1 },
    { type: 'progress', worker: 1, run: 9, unitsDone: 1 },
  ]);
});

test('a port that breaks, or says that it failed, is told', async () => {
  const { owner, events, ports } = await openOwner();
  owner.load(load);
  owner.load({ ...load, worker: 2 });
  ports[0]?.broken('out of memory');
  ports[1]?.reply({ type: 'failed', refusal: { code: 'model-memory', message: 'too big' } });
  expect(events).toMatchObject([
    { type: 'worker-failed', worker: 1, refusal: { message: 'out of memory' } },
    { type: 'worker-failed', worker: 2, refusal: { code: 'model-memory' } },
  ]);
});

test('a platform that opens no worker is a failure like any other', async () => {
  const { owner, events } = await openOwner({ refuses: true });
  owner.load(load);
  expect(events).toMatchObject([{ type: 'worker-failed', worker: 1 }]);
  expect(JSON.stringify(events)).toContain('workers are forbidden here');
});

test('a model that was evicted says so, and names the way out', async () => {
  const { owner, events } = await openOwner({ held: false });
  owner.load(load);
  await vi.waitUntil(() => events.length > 0);
  expect(events).toMatchObject([{ type: 'worker-failed', refusal: { code: 'blob-unknown' } }]);
  expect(JSON.stringify(events)).toContain('start contributing again');
});

test('a terminated worker is heard no more', async () => {
  const { owner, events, ports } = await openOwner();
  owner.load(load);
  owner.terminate(1);
  ports[0]?.broken('the compute worker ended with code 1');
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(ports[0]?.terminated).toBe(true);
  expect(ports[0]?.posted).toEqual([]);
  expect(events).toEqual([]);
});
