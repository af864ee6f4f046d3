import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { life } from './commands.ts';
import { openTally, Play, type PlayOptions, type Tally } from './play.ts';

/** A run that fails, as it can be repeated: what fast-check drew it from, and on which chain. */
export interface FailingCase extends Required<Pick<PlayOptions, 'tokens' | 'features'>> {
  seed: number;
  path: string;
}

/** Cases that failed before; `npm run fuzz:program` adds to them. */
export const SEEDS = new URL('seeds.json', import.meta.url);
export const readSeeds = (): FailingCase[] =>
  JSON.parse(readFileSync(SEEDS, 'utf8')) as FailingCase[];

export interface FuzzOutcome {
  tally: Tally;
  failure?: { case: FailingCase; message: string };
}

/** Runs between two looks at how many commands there were. */
const ROUND_RUNS = 4;
/** Every so many rounds all features are on; every other pays in tokens. */
const ALL_FEATURES_EVERY = 5;
const SHRINK_MS_MAX = 40_000;

/**
 * Random commands against program and model, so many or a few more; the same seed draws the same.
 */
export function runFuzz({ seed, commands }: { seed: number; commands: number }): FuzzOutcome {
  const tally = openTally();
  for (let round = 0; tally.commands < commands; round += 1) {
    const failure = runRound(tally, {
      seed: (seed + round * 7919) | 0,
      tokens: round % 2 === 1,
      features: round % ALL_FEATURES_EVERY === ALL_FEATURES_EVERY - 1 ? 'all' : 'mainnet',
    });
    if (failure !== undefined) return { tally, failure };
  }
  return { tally };
}

/** Runs one case again; says what is wrong, if it still is. */
export function replay({ path, ...of }: FailingCase): string | undefined {
  return runRound(openTally(), of, path)?.message;
}

function runRound(
  tally: Tally,
  { seed, ...options }: Omit<FailingCase, 'path'>,
  path?: string,
): FuzzOutcome['failure'] {
  const property = fc.property(life, ({ cheats, steps }) => {
    const play = new Play({ ...options, cheats }, tally);
    for (const step of steps) play.step(step);
    play.finish();
  });
  const found = fc.check(property, {
    seed,
    numRuns: ROUND_RUNS,
    interruptAfterTimeLimit: SHRINK_MS_MAX,
    ...(path === undefined ? {} : { path }),
  });
  if (!found.failed) return undefined;
  const [smallest] = found.counterexample ?? [];
  const written = JSON.stringify(smallest, (_, each) =>
    typeof each === 'bigint' ? `${each}` : each,
  );
  return {
    case: { seed, path: found.counterexamplePath ?? '', ...options },
    message: `${found.errorInstance}\n${written}`,
  };
}
