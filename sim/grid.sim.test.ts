import { expect, test } from 'vitest';
import { drawHostileScenario, drawScenario, runScenario } from './world/world.ts';

// `npm run sim -- --seeds 200` runs many more; `npm run sim -- --seed N` repeats one.
test.each(Array.from({ length: 12 }, (_, at) => at + 1))('seed %i: the job ends right', (seed) => {
  const outcome = runScenario(drawScenario(seed));
  expect(outcome.broken).toEqual([]);
});

test('exit checks that came back during a dispute on their device are asked for again', () => {
  const { broken } = runScenario({
    ...{
      seed: 21,
      devices: 4,
      cheats: 0,
      lies: [],
      units: 328,
      assurance: 'settled',
      checkRate: 0.1455,
    },
    ...{ hubCrashes: 2, verifierCrashes: 0, departures: 4, lie: 'frames' as const },
    weather: { latencyMs: [1, 241], meanLifeMs: Number.POSITIVE_INFINITY },
    newcomers: { burst: 1, unitsEach: 288 },
    taps: false,
  });
  expect(broken).toEqual([]);
});

test('devices that left the memory of the hub come back to a late job', () => {
  const { archived, recalled, broken } = runScenario(drawScenario(6));
  expect(broken).toEqual([]);
  expect(archived).toBeGreaterThan(0);
  expect(recalled).toBeGreaterThan(0);
});

const HOSTILE = Array.from({ length: 6 }, (_, at) => at + 1);
test.each(HOSTILE)('hostile seed %i: beside liars of every kind the results are right', (seed) => {
  const outcome = runScenario(drawHostileScenario(seed));
  expect(outcome).toMatchObject({ broken: [], wrongUnits: 0 });
  expect(outcome.banned).toBeGreaterThan(0);
  expect(outcome.unrevealed).toBeGreaterThan(0);
});
