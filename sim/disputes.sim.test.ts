import { expect, test } from 'vitest';
import type { Scenario } from './world/scenario.ts';
import { drawScenario, runScenario } from './world/world.ts';

/**
 * Verifiers that lie once held a job for ever: in 117 one had begun anew and forgot what it was to
 * say, in the others the shard was void before all had spoken on a unit of it.
 */
test.each([117, 157, 192])('a dispute ends, and its job with it (seed %i)', (seed) => {
  const scenario = drawScenario(seed);
  expect(scenario.lie).toBeDefined();
  expect(runScenario(scenario).broken).toEqual([]);
});

const stage = (seed: number, changes: Partial<Scenario>): Scenario => ({
  ...drawScenario(seed),
  devices: 4,
  cheats: 1,
  checkRate: 1,
  lie: 'dodges',
  newcomers: { burst: 10, unitsEach: 1 },
  ...changes,
});

test.each([3, 4])(
  'a verifier that never says anything of wrong work holds up no job and saves no cheat (seed %i)',
  (seed) => {
    const outcome = runScenario(stage(seed, { units: 300 }));
    expect(outcome).toMatchObject({ broken: [], wrongUnits: 0, banned: 1, faults: 0 });
  },
);
