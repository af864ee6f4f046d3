import { expect, test } from 'vitest';
import { drawHostileScenario, drawScenario, runScenario } from './world.ts';

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
