import { expect, it } from 'vitest';
import { describeTrust, nameClass, viewSpeed } from './model-stats-view.ts';

const speeds = { median: 12.34, least: 3, most: 120.4 };
const phone = {
  ...({ provider: 'webgpu', hardware: 'qualcomm adreno-7xx', threads: 1 } as const),
  ...{ devices: 3, itemsPerSecond: speeds },
};

it('a class of devices has the name of its processor, or counts its threads', () => {
  expect(nameClass(phone)).toBe('Graphics (WebGPU), qualcomm adreno-7xx');
  const cpu = { ...phone, provider: 'wasm', hardware: 'cpu' } as const;
  expect(nameClass({ ...cpu, threads: 4 })).toBe('Processor (WASM), 4 threads');
  expect(nameClass(cpu)).toBe('Processor (WASM)');
});

it('speeds of several devices have a range, that of one has none', () => {
  expect(viewSpeed(phone)).toEqual({ devices: '3', median: '12', range: '3 to 120' });
  expect(viewSpeed({ ...phone, devices: 1 }).range).toBe('–');
});

it('trust says how many units are computed and what checks found', () => {
  const of = (accepted: number, checked: number, mismatched: number) =>
    describeTrust({ accepted, checked, mismatched });
  expect(of(0, 0, 0)).toBe('No unit of it is computed yet.');
  expect(of(1, 0, 0)).toBe('1 unit computed, none checked yet.');
  expect(of(2000, 400, 1)).toBe(
    '2,000 units computed. 400 checks: 399 passed (99.75%), 1 mismatched.',
  );
});
