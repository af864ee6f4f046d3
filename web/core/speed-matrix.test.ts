import { expect, it } from 'vitest';
import type { ClassSpeed, ModelStats } from '#protocol/api/model-stats.ts';
import { compareClasses } from './speed-matrix.ts';

const cpu = { provider: 'wasm', hardware: 'cpu', threads: 4 } as const;
const gpu = { provider: 'webgpu', hardware: 'apple metal-3', threads: 1 } as const;
const of = (kind: typeof cpu | typeof gpu, devices: number, median: number): ClassSpeed => ({
  ...kind,
  ...{ devices, itemsPerSecond: { median, least: median, most: median } },
});
const stats = (model: string, ...classes: ClassSpeed[]): ModelStats => ({
  model,
  trust: { accepted: 0, checked: 0, mismatched: 0 },
  classes,
});

it('classes of devices stand in rows, those with most devices first, and models in columns', () => {
  const matrix = compareClasses([
    stats('my/net@a', of(cpu, 2, 10), of(gpu, 1, 40)),
    stats('my/other@b', of(gpu, 5, 7)),
    stats('my/unused@c'),
  ]);
  expect(matrix.models).toEqual(['my/net@a', 'my/other@b']);
  expect(matrix.classes).toEqual([
    { name: 'Graphics (WebGPU), apple metal-3', devices: 5, itemsPerSecond: [40, 7] },
    { name: 'Processor (WASM), 4 threads', devices: 2, itemsPerSecond: [10, undefined] },
  ]);
});

it('nothing measured is an empty table', () => {
  expect(compareClasses([stats('my/net@a')])).toEqual({ models: [], classes: [] });
});
