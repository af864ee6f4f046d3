import { expect, it } from 'vitest';
import { sha256 } from '#protocol/bytes/digest.ts';
import { loadGraph } from './graph.ts';
import type { ComputePorts, Runtime } from './kind.ts';

const UNITS = 4;

/** A runtime in the real one's place whose model gives each unit back. */
const fakeRuntime = {
  env: { wasm: {} },
  InferenceSession: {
    create: async () => ({
      inputNames: ['x'],
      outputNames: ['y'],
      run: async ({ x }: Record<string, unknown>) => ({ y: x }),
    }),
  },
  Tensor: class {
    constructor(
      readonly type: string,
      readonly data: unknown,
      readonly dims: readonly number[],
    ) {}
    dispose(): void {}
  },
} as unknown as Runtime;

it('a run looks up after each unit that took long, so that its browser may end it', async () => {
  const told: string[] = [];
  let now = 0;
  const ports: ComputePorts = {
    runtime: fakeRuntime,
    digest: sha256,
    reply: ({ type }) => void told.push(type),
    clock: () => {
      now += 150;
      return now;
    },
    lookUp: async () => void told.push('looked up'),
  };
  const inputs = [{ name: 'x', dtype: 'f32' as const, shape: [1, 2] }];
  const request = {
    type: 'load',
    provider: 'wasm',
    threads: 1,
    model: new Uint8Array(),
    runtime: { kind: 'graph', graphOptimization: 'all', inputs },
  } as unknown as Parameters<typeof loadGraph>[1];
  const run = await loadGraph(ports, request);
  const bytes = new Uint8Array(UNITS * 8);
  await run({ type: 'run', run: 1, unitCount: UNITS, inputs: bytes } as Parameters<typeof run>[0]);
  const between = Array.from({ length: UNITS - 1 }, () => ['progress', 'looked up']).flat();
  expect(told).toEqual(['loaded', ...between, 'ran']);
});
