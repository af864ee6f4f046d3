import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecoySample } from '#protocol/checks/thresholds.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { boundShare, CALIBRATION_RULES, calibrate, type HonestSample } from './calibration.ts';

const outputs: TensorSpec[] = [{ name: 'y', dtype: 'f32', shape: [8, 10] }];
const DEVICES = 5;

const unit = (l2: number, max = l2 * 10) => [{ output: 'y', l2, max }];
const honestUnits = (count: number, noise = 1e-6): HonestSample[] =>
  Array.from({ length: count }, (_, place) => ({
    device: `device ${place % DEVICES}`,
    verified: true,
    // Every value comes twice in each device, so that both halves see the same largest one.
    distances: unit(noise * (0.5 + ((place - (place % (2 * DEVICES))) / count) * 0.5)),
  }));
const decoyUnits = (decoy: string, count: number, l2: number): DecoySample[] =>
  Array.from({ length: count }, () => ({ decoy, distances: unit(l2) }));
const honest = honestUnits(2_000);

describe('thresholds', () => {
  it('are the widest honest distance of any device times the margin', () => {
    const odd: HonestSample = { device: 'a sixth', verified: true, distances: unit(2e-6) };
    const { comparators, refused } = calibrate(outputs, {
      honest: [...honest, odd, odd],
      decoys: decoyUnits('int8', 1_000, 1e-3),
    });
    expect(refused).toBeUndefined();
    expect(comparators).toEqual([{ output: 'y', l2: 2e-6 * 1.5, max: 2e-6 * 10 * 1.5 }]);
  });

  it('are moved by no unverified device, not even nine of ten', () => {
    const decoys = decoyUnits('int8', 1_000, 1e-3);
    const poison = honestUnits(18_000, 1).map((sample) => ({ ...sample, verified: false }));
    expect(calibrate(outputs, { honest: [...honest, ...poison], decoys })).toEqual(
      calibrate(outputs, { honest, decoys }),
    );
  });

  it('leave out one unit in ten thousand of a device that has that many', () => {
    const many = Array.from(
      { length: 40_000 },
      (_, place): HonestSample => ({
        device: 'one',
        verified: true,
        // The two largest of the fitted half are outliers.
        distances: unit(place === 0 || place === 20_000 ? 1 : 1e-6),
      }),
    );
    const rules = { ...CALIBRATION_RULES, devicesMin: 1 };
    const decoys = decoyUnits('int8', 1_000, 1e-3);
    expect(calibrate(outputs, { honest: many, decoys }, rules).comparators[0]?.l2).toBe(1.5e-6);
  });
});

describe('a class', () => {
  it('is refused where a decoy is nearer than three thresholds, and says which', () => {
    const decoys = [...decoyUnits('int8', 1_000, 1e-3), ...decoyUnits('half', 1_000, 4e-6)];
    const found = calibrate(outputs, { honest, decoys });
    expect(found.refused).toContain('half');
    expect(found.decoys[0]).toMatchObject({ decoy: 'half', power: 1 });
    expect(found.decoys[0]?.separation).toBeCloseTo(4 / 1.5, 1);
    expect(found.decoys[1]?.decoy).toBe('int8');
  });

  it('is refused where one check finds less than 99.9 % of a decoy', () => {
    const decoys = [...decoyUnits('q4', 998, 1e-3), ...decoyUnits('q4', 2, 1e-6)];
    const { refused, decoys: weighed } = calibrate(outputs, { honest, decoys });
    expect(refused).toContain('99.80 %');
    expect(weighed[0]?.power).toBeCloseTo(0.998, 6);
  });

  it('does not count units that a decoy left as they are: nothing wrong is in them', () => {
    const decoys = [...decoyUnits('truncated', 900, 1e-3), ...decoyUnits('truncated', 100, 0)];
    const found = calibrate(outputs, { honest, decoys });
    expect(found.refused).toBeUndefined();
    expect(found.decoys[0]).toMatchObject({ units: 900, unchanged: 100, power: 1 });
    const none = calibrate(outputs, { honest, decoys: decoyUnits('truncated', 100, 0) });
    expect(none.refused).toContain('no decoys');
  });

  it('is refused for few samples, few devices or no decoys', () => {
    const decoys = decoyUnits('int8', 1_000, 1e-3);
    expect(calibrate(outputs, { honest: honestUnits(999), decoys }).refused).toContain('too few');
    const one = honest.map((sample) => ({ ...sample, device: 'one' }));
    expect(calibrate(outputs, { honest: one, decoys }).refused).toContain('1 verified devices');
    expect(calibrate(outputs, { honest, decoys: [] }).refused).toContain('no decoys');
  });

  it('without noise has thresholds of zero and takes nothing but equal values', () => {
    const still = honest.map((sample) => ({ ...sample, distances: unit(0) }));
    const { comparators, decoys, refused } = calibrate(outputs, {
      honest: still,
      decoys: decoyUnits('half', 1_000, 1e-9),
    });
    expect(comparators[0]).toMatchObject({ l2: 0, max: 0 });
    expect(decoys[0]?.power).toBe(1);
    expect(refused).toBeUndefined();
  });

  it('counts alarms on units that were not fitted', () => {
    const late: HonestSample[] = [1e-7, 1].map((l2) => ({
      device: 'a sixth',
      verified: true,
      distances: unit(l2),
    }));
    const decoys = decoyUnits('int8', 1_000, 1e-3);
    const found = calibrate(outputs, { honest: [...honest, ...late], decoys });
    expect(found).toMatchObject({ heldOut: 1_001, falseAlarms: 1 });
    expect(found.falseAlarmMost).toBeGreaterThan(1 / 1_001);
    expect(found.falseAlarmMost).toBeLessThan(6 / 1_001);
  });
});

describe('the bound of a share', () => {
  it('is that of tables', () => {
    // Clopper and Pearson at 95 %, one-sided: 1 − 0.05^(1/n) for no hit.
    expect(boundShare(0, 1_000)).toBeCloseTo(1 - 0.05 ** (1 / 1_000), 9);
    expect(boundShare(1, 100)).toBeCloseTo(0.0466, 4);
    expect(boundShare(5, 10)).toBeCloseTo(0.7776, 4);
    expect(boundShare(3, 3)).toBe(1);
    expect(boundShare(0, 0)).toBe(1);
  });

  it('lies above the share itself, and falls with more trials', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: 51, max: 5_000 }), (hits, trials) => {
        const bound = boundShare(hits, trials);
        expect(bound).toBeGreaterThan(hits / trials);
        expect(boundShare(hits, trials * 2)).toBeLessThan(bound);
      }),
    );
  });
});
