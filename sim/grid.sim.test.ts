import { expect, test } from 'vitest';
import { drawScenario, runScenario } from './world.ts';

// `npm run sim -- --seeds 200` runs many more; `npm run sim -- --seed N` repeats one.
test.each(Array.from({ length: 12 }, (_, at) => at + 1))('seed %i: the job ends right', (seed) => {
  const outcome = runScenario(drawScenario(seed));
  expect(outcome.broken).toEqual([]);
});
