import { openProgram } from './command.ts';
import type { Bench } from './figure.ts';

const LEAVES = 1_000_000;
const ANSWER_MS_MAX = 5 * 60_000;

/**
 * The claims tree of a million contributors: CPU time of one core, and the most memory its process
 * held.
 */
export const run: Bench = async function* (context) {
  const words = ['bench/tree/build.ts', `${LEAVES}`];
  const found = await openProgram(words, context).hear('built', ANSWER_MS_MAX);
  const [cpuMs, wallMs] = [Number(found['buildCpuMs']), Number(found['buildMs'])];
  yield {
    figure: `build-seconds-${LEAVES}`,
    value: cpuMs / 1_000,
    unit: 's',
    baseline: 5,
    detail: { wallSeconds: Number((wallMs / 1_000).toPrecision(4)) },
  };
  yield {
    figure: `build-mebibytes-${LEAVES}`,
    value: Number(found['residentMebibytes']),
    unit: 'MiB',
    baseline: 1_024,
  };
  yield { figure: 'proof-ms', value: Number(found['proofMs']), unit: 'ms', baseline: 1 };
};
