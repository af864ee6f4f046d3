import { describe, expect, it } from 'vitest';
import { steadyRate } from './steady-rate.ts';

describe('the steady window of a job', () => {
  it('leaves out the start-up and the short shards of the end', () => {
    const taken = [
      { at: 10_000, units: 20 },
      { at: 14_000, units: 40 },
      { at: 18_000, units: 40 },
      { at: 21_000, units: 5 },
    ];
    expect(steadyRate(taken, 8)).toEqual({ itemsPerSecond: 80, seconds: 8, shards: 2 });
  });

  it('orders shards by time', () => {
    const taken = [
      { at: 2_000, units: 10 },
      { at: 1_000, units: 10 },
    ];
    expect(steadyRate(taken, 1).itemsPerSecond).toBe(10);
  });

  it('refuses a job of one shard', () => {
    expect(() => steadyRate([{ at: 1, units: 1 }], 1)).toThrow('too few');
    expect(() => steadyRate([], 1)).toThrow('too few');
  });
});
