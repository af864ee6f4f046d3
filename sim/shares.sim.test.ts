import { expect, test } from 'vitest';
import { drawScenario, runScenario, type Scenario } from './world.ts';

/** Nobody leaves and nothing dies: what is lent is what stands. */
const stage = (seed: number, scenario: Partial<Scenario>): Scenario => ({
  ...drawScenario(seed),
  weather: { latencyMs: [1, 40], meanLifeMs: Number.POSITIVE_INFINITY },
  ...{ cheats: 0, assurance: 0, checkRate: 0.05, hubCrashes: 0, verifierCrashes: 0, departures: 0 },
  newcomers: { burst: 100, unitsEach: 1 },
  ...scenario,
});

test.each([1])(
  'of fifty devices none does much more than a twentieth, fast or not (seed %i)',
  (seed) => {
    const { broken, largest } = runScenario(stage(seed, { devices: 50, units: 4_000 }));
    expect(broken).toEqual([]);
    // Some units go out before forty devices are there.
    expect(largest).toBeLessThan(400);
  },
);

test.each([1, 2])('of a few devices a fast one does what it can (seed %i)', (seed) => {
  const { broken, largest } = runScenario(stage(seed, { devices: 5, units: 4_000 }));
  expect(broken).toEqual([]);
  expect(largest).toBeGreaterThan(400);
});
