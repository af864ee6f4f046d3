import { expect, test } from 'vitest';
import { drawHostileScenario, drawScenario, runScenario } from './world/world.ts';

const SEEDS = [1, 2, 3];

test.each(SEEDS)(
  'a paid job comes out even, and a hub that dies changes no epoch (seed %i)',
  (seed) => {
    const scenario = { ...drawScenario(seed), units: 1_200, unitPrice: 700, devices: 5 };
    const { broken, earned } = runScenario({ ...scenario, hubCrashes: 3 });
    expect(broken).toEqual([]);
    expect(earned).toBeGreaterThan(100);
  },
);

test.each([1])('liars take no money away (hostile seed %i)', (seed) => {
  const scenario = { ...drawHostileScenario(seed), units: 1_200, unitPrice: 3 };
  expect(runScenario(scenario).broken).toEqual([]);
});

test.each([6])('pardons change no epoch and no balance of the past (seed %i)', (seed) => {
  const scenario = { ...drawScenario(seed), cheats: 2, devices: 6, checkRate: 1 };
  // A cheat that was banned and pardoned begins again: each may take two places.
  const newcomers = { ...scenario.newcomers, burst: scenario.newcomers.burst + 4 };
  const { banned, pardoned, broken } = runScenario({
    ...scenario,
    newcomers,
    units: 1_200,
    unitPrice: 700,
    hubCrashes: 3,
  });
  expect(broken).toEqual([]);
  expect(banned).toBeGreaterThan(0);
  expect(pardoned).toBeGreaterThan(0);
});
