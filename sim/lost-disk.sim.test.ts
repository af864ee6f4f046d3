import { describe, expect, test } from 'vitest';
import type { Scenario } from './world/scenario.ts';
import { drawScenario, runScenario } from './world/world.ts';

/** A verifier dies in the middle of its work and comes back with an empty disk, three times. */
const stage = (seed: number): Scenario => ({
  ...drawScenario(seed),
  verifierCrashes: 3,
  lostDisks: true,
});

describe('a verifier that has lost its disk', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'goes on where the hub knows it to be, and the job ends as always (seed %i)',
    (seed) => {
      expect(runScenario(stage(seed)).broken).toEqual([]);
    },
  );
});
