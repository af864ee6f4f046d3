import { openProgram } from './command.ts';
import type { Bench } from './figure.ts';

const ANSWER_MS_MAX = 90 * 60_000;
/** A quick run tries the models of one package. */
const QUICK = 'silero-vad';

/**
 * Published models and such as exporters make, on a real grid: the share of those the runtime itself can run whose results are
 * the runtime's for each item alone, and how many are wrong without a word.
 */
export const run: Bench = async function* (context) {
  const words = ['scripts/trials/main.ts', '--json', ...(context.quick ? ['--only', QUICK] : [])];
  const found = await openProgram(words, context).hear('trials', ANSWER_MS_MAX);
  const { trials, right, wrong, refused } = found as Record<string, number>;
  yield {
    figure: 'right',
    value: (right ?? 0) / Math.max(1, trials ?? 0),
    unit: 'ratio',
    baseline: 0.95,
    detail: { trials: trials ?? 0, refused: refused ?? 0 },
  };
  yield { figure: 'silently-wrong', value: wrong ?? 0, unit: 'models' };
};
