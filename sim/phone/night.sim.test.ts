import { describe, expect, it } from 'vitest';
import { PRESET_NAMES, PRESETS } from '#protocol/messages/care.ts';
import { runNight } from './night.ts';

const nights = Object.fromEntries(PRESET_NAMES.map((name) => [name, runNight(PRESETS[name])]));
const { gentle, balanced, all } = nights as Record<
  (typeof PRESET_NAMES)[number],
  ReturnType<typeof runNight>
>;

describe('a phone in a night', () => {
  it('does more under each preset than under the one before', () => {
    expect(gentle.units).toBeGreaterThan(1_000);
    expect(balanced.units).toBeGreaterThan(gentle.units);
    expect(all.units).toBeGreaterThan(balanced.units);
  });

  it('keeps the charge that its preset keeps', () => {
    const least = (name: keyof typeof nights) => nights[name]?.leastAtWork ?? 0;
    expect(least('gentle')).toBe(100);
    expect(least('balanced')).toBeGreaterThan(PRESETS.balanced.chargeMin - 1);
    expect(least('all')).toBeGreaterThan(PRESETS.all.chargeMin - 1);
    // On its charger it fills up, whatever it computes.
    for (const { endCharge } of [gentle, balanced, all]) expect(endCharge).toBeGreaterThan(90);
  });

  it('stays cooler the gentler it works', () => {
    expect(gentle.peakCelsius).toBeLessThan(balanced.peakCelsius);
    expect(balanced.peakCelsius).toBeLessThan(all.peakCelsius);
  });

  it('is never in want of a reason for a pause', () => {
    expect(Object.keys(gentle.paused)).toEqual(expect.arrayContaining(['unplugged', 'data-spent']));
    expect(Object.keys(balanced.paused)).toContain('cellular');
    expect(Object.keys(all.paused)).not.toContain('cellular');
  });
});
