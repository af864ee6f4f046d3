import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TensorSpec } from '../tensors/tensor.ts';
import { COMPARATOR_DEFAULT } from './comparison.ts';
import {
  type DecoySample,
  findNearest,
  fitThresholds,
  GPU_NOISE,
  NOISE_FLOOR,
} from './thresholds.ts';

const output = (name: string): TensorSpec => ({ name, dtype: 'f32', shape: [1] });
const sample = (decoy: string, ...distances: [string, number, number][]): DecoySample => ({
  decoy,
  distances: distances.map(([name, l2, max]) => ({ output: name, l2, max })),
});
const fitOne = (l2: number, max: number) =>
  fitThresholds([output('y')], findNearest([sample('q4', ['y', l2, max])]));

describe('the nearest decoy', () => {
  it('is told by output, of the units it changed', () => {
    const samples = [
      sample('int8', ['y', 0.2, 0.5], ['z', 0, 0]),
      sample('halves', ['y', 0.1, 0.9], ['z', 0, 0]),
      sample('halves', ['y', 0, 0], ['z', 3, 4]),
    ];
    expect(findNearest(samples)).toEqual([
      { output: 'y', decoy: 'halves', l2: 0.1, max: 0.5 },
      { output: 'z', decoy: 'halves', l2: 3, max: 4 },
    ]);
  });
});

describe('thresholds', () => {
  it('are a third of the nearest decoy, at most the usual ones', () => {
    const near = fitOne(2.4e-4, 9e-4);
    expect(near.comparators[0]?.l2).toBeCloseTo(8e-5, 9);
    expect(near.comparators[0]?.max).toBeCloseTo(3e-4, 9);
    expect(fitOne(0.5, 0.5).comparators[0]).toMatchObject(COMPARATOR_DEFAULT);
    expect([near.providers, fitOne(0.5, 0.5).providers]).toEqual(
      Array(2).fill(['wasm', 'webgpu', 'webnn']),
    );
  });

  it('lie four times above all noise that was measured, and above what nobody could measure', () => {
    for (const { l2, max } of GPU_NOISE) {
      expect(NOISE_FLOOR.l2).toBeGreaterThanOrEqual(4 * l2);
      expect(NOISE_FLOOR.max).toBeGreaterThanOrEqual(4 * max);
    }
    expect(NOISE_FLOOR.l2).toBeGreaterThanOrEqual(1e-5);
  });

  it('leave GPUs out where neither measure tells the nearest decoy from noise', () => {
    expect(fitOne(2.9e-5, 2.9e-4).providers).toEqual(['wasm']);
    expect(fitOne(3.1e-5, 2.9e-4).providers).toContain('webgpu');
    expect(fitOne(2.9e-5, 3.1e-4).providers).toContain('webgpu');
    // Nothing is known of what a cheat would look like.
    expect(fitThresholds([output('y')], []).providers).toEqual(['wasm']);
    const same = findNearest([sample('halves', ['y', 0, 0])]);
    expect(fitThresholds([output('y')], same).providers).toEqual(['wasm']);
  });

  it('find every unit of every decoy three thresholds away where a GPU may run', () => {
    const distance = fc.oneof(fc.constant(0), fc.double({ min: 1e-7, max: 1, noNaN: true }));
    const unit = fc.tuple(distance, distance, distance, distance);
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), (units) => {
        const samples = units.map(([a, b, c, d]) => sample('q4', ['y', a, b], ['z', c, d]));
        const outputs = [output('y'), output('z')];
        const { comparators, providers } = fitThresholds(outputs, findNearest(samples));
        for (const { distances } of samples) {
          const ratios = distances.flatMap(({ l2, max }, place) => [
            l2 / (comparators[place]?.l2 ?? 1),
            max / (comparators[place]?.max ?? 1),
          ]);
          const changed = distances.some(({ l2, max }) => l2 > 0 || max > 0);
          if (changed && providers.includes('webgpu')) {
            expect(Math.max(...ratios)).toBeGreaterThanOrEqual(2.999);
          }
        }
      }),
    );
  });
});
