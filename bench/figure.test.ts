import { describe, expect, it } from 'vitest';
import { encodeFigure, median } from './figure.ts';

describe('figures', () => {
  it('are one line of JSON with the ratio to their baseline', () => {
    const figure = { figure: 'digits', value: 90, unit: 'items/s', baseline: 100 };
    expect(JSON.parse(encodeFigure('grid', figure, { cpus: 2 }))).toEqual({
      bench: 'grid',
      ...figure,
      ratio: 0.9,
      conditions: { cpus: 2 },
    });
  });

  it('say null where there is no baseline, and keep five digits', () => {
    const line = encodeFigure('x', { figure: 'y', value: 1.23456789, unit: 'bytes' }, {});
    expect(JSON.parse(line)).toMatchObject({ value: 1.2346, baseline: null, ratio: null });
  });

  it('have a median', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
