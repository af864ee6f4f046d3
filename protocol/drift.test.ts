import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDrift, DRIFT_ALARM, isAlarm } from './drift.ts';
import { GPU_NOISE } from './generated/gpu-noise.ts';
import { NOISE_FLOOR } from './thresholds.ts';

/** Checks until the alarm, all of them with the same share of the thresholds used up. */
function checksUntil(usedPpm: number, most: number): number {
  let [sum, checks] = [0, 0];
  while (!isAlarm(sum) && checks < most) [sum, checks] = [addDrift(sum, usedPpm), checks + 1];
  return isAlarm(sum) ? checks : Infinity;
}

/** A seeded generator of numbers in (0, 1]: xorshift32. */
function openChance(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 1) / 2 ** 32;
  };
}

/** A half-normal share of a threshold (Box and Muller), in parts per million. */
const halfNormal = (chance: () => number, scale: number): number =>
  Math.floor(
    Math.abs(Math.sqrt(-2 * Math.log(chance())) * Math.cos(2 * Math.PI * chance())) * scale * 1e6,
  );

describe('the drift', () => {
  it('never falls under zero, and an alarm begins it anew', () => {
    const ppm = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(fc.array(ppm), (list) => {
        const sum = list.reduce(addDrift, 0);
        expect(sum).toBeGreaterThanOrEqual(0);
        expect(sum).toBeLessThan(DRIFT_ALARM + 15_030);
      }),
    );
    expect(addDrift(DRIFT_ALARM, 500_000)).toBe(addDrift(0, 500_000));
    expect([addDrift(0, 0), addDrift(5_000, 0)]).toEqual([0, 3_929]);
  });

  it('finds what rides the tolerance the sooner the nearer it comes to its end', () => {
    const checks = [1_000_000, 900_000, 700_000, 500_000, 400_000, 300_000, 270_000].map((ppm) =>
      checksUntil(ppm, 10_000),
    );
    expect(checks).toEqual([1, 2, 3, 6, 11, 50, 576]);
    // What stays under 0.266 of a threshold is not told from noise: so much of the tolerance is left.
    expect(checksUntil(266_000, 100_000)).toBe(Infinity);
  });

  it('raises no alarm in a million checks of the noise that was measured', () => {
    for (const { l2, max } of GPU_NOISE) {
      const used = Math.max(l2 / NOISE_FLOOR.l2, max / NOISE_FLOOR.max);
      // The largest noise on every single unit, under the narrowest thresholds: the sum stays at zero.
      expect(addDrift(0, Math.ceil(used * 1e6))).toBe(0);
    }
  });

  it('raises none in two million checks of the noisiest class that could be calibrated', () => {
    const chance = openChance(22);
    let [sum, alarms] = [0, 0];
    for (let check = 0; check < 2_000_000; check += 1) {
      sum = addDrift(sum, Math.min(1_000_000, halfNormal(chance, 1 / (1.5 * 3.8906))));
      if (isAlarm(sum)) alarms += 1;
    }
    // Wald's bound is one in a million on average; clamping at zero and overshoot make it rarer.
    expect(alarms).toBe(0);
  });
});
