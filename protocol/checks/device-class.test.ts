import { expect, test } from 'vitest';
import type { Root } from '../values/ids.ts';
import { type DeviceClass, digestClass } from './device-class.ts';

test('a device class has another digest on another adapter, runtime or unit size', () => {
  const one: DeviceClass = {
    model: '0'.repeat(64) as Root,
    dtype: 'f32',
    provider: 'webgpu',
    adapter: 'google swiftshader',
    engine: 'chromium 156',
    runtime: '1'.repeat(64) as DeviceClass['runtime'],
    graphOptimization: 'all',
    threads: 1,
    unitItems: 8,
  };
  const others = [
    one,
    { ...one, adapter: 'apple metal-3' },
    { ...one, runtime: '2'.repeat(64) as DeviceClass['runtime'] },
    { ...one, unitItems: 16 },
  ];
  expect(new Set(others.map(digestClass)).size).toBe(4);
  expect(digestClass({ ...one })).toBe(digestClass(one));
});
