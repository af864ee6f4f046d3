import { describe, expect, test } from 'vitest';
import type { Scenario } from './world/scenario.ts';
import type { VerifierLie } from './world/verifier-node.ts';
import { drawScenario, runScenario } from './world/world.ts';

/**
 * Three verifiers, of which only the liar checks anything by its own draw: the two others see wrong
 * work only where they review what the liar said.
 */
const stage = (lie: VerifierLie): Scenario => ({
  ...drawScenario(3),
  weather: { latencyMs: [1, 40], meanLifeMs: Number.POSITIVE_INFINITY },
  devices: 3,
  cheats: lie === 'frames' ? 0 : 1,
  units: 1_000,
  assurance: 'instant',
  checkRate: 0,
  liarRate: 1,
  lie,
  hubCrashes: 0,
  verifierCrashes: 0,
  departures: 0,
  newcomers: { burst: 10, unitsEach: 1 },
});

describe.each([
  { lie: 'stamps', banned: 1 },
  { lie: 'spares', banned: 1 },
  { lie: 'frames', banned: 0 },
] as const)('a verifier that $lie', ({ lie, banned }) => {
  test('is found by two that check by review alone; no honest device pays', () => {
    const outcome = runScenario(stage(lie));
    expect(outcome.broken).toEqual([]);
    expect(outcome.reviews).toBeGreaterThan(10);
    expect(outcome.faults).toBeGreaterThan(0);
    expect(outcome.banned).toBe(banned);
  });
});
