import { describe, expect, it, test } from 'vitest';
import { TAGS } from '#protocol/settlement/instructions.ts';
import { readSeeds, replay, runFuzz } from './fuzz.ts';

const COMMANDS = 5_000;

describe('the program and its model', () => {
  test.each(readSeeds())('part no more at %j', (seed) => {
    expect(replay(seed)).toBeUndefined();
  });

  // `npm run fuzz:program -- --commands 100000 --seed 7` sends many more; a failure is kept in seeds.json.
  it(`agree on ${COMMANDS} random commands`, () => {
    const { tally, failure } = runFuzz({ seed: 1, commands: COMMANDS });
    expect(failure).toBeUndefined();
    expect(tally.commands).toBeGreaterThanOrEqual(COMMANDS);
    // Set-up comes before the first command; what else there is has gone through.
    const never = Object.keys(TAGS).filter((name) => !tally.done.has(name));
    expect(never).toEqual(['initConfig', 'createPool']);
    // Refusals are right for their reason too, and there are many.
    expect(tally.refused.size).toBeGreaterThan(35);
  }, 300_000);
});
