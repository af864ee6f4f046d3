import { runCommand } from './command.ts';
import type { Bench } from './figure.ts';
import { runFirstCome } from './routing/first-come.ts';
import { type Routed, workOwed } from './routing/fleet.ts';
import { solveOptimum } from './routing/optimum.ts';

const SIM_MS_MAX = 30 * 60_000;

/**
 * 300 devices of 12 classes on jobs of 8 models: the reference work of the job that has least of what
 * it is owed ÷ the most that any plan could give it. The real cores of hub, devices and verifier
 * decide, on the simulator's clock.
 */
export const run: Bench = async function* ({ quick, say }) {
  const seconds = quick ? 30 : 120;
  const words = [process.execPath, '--import', 'tsx', 'sim/run.ts', 'routing', `${seconds}`];
  const { fleet, rates, switched } = JSON.parse(await runCommand(words, SIM_MS_MAX)) as Routed;
  const optimum = solveOptimum(fleet);
  const jobs = workOwed(fleet, rates);
  say(
    fleet.jobs
      .map(({ name }, at) => `${name} ${((jobs[at] ?? 0) / optimum).toFixed(3)}`)
      .join(', '),
  );
  const detail = {
    devices: fleet.devices.length,
    classes: fleet.classes.length,
    models: fleet.jobs.length,
    optimum: Number(optimum.toPrecision(4)),
    world: 'simulated',
  };
  yield {
    figure: 'lp-ratio',
    value: Math.min(...jobs) / optimum,
    unit: 'ratio',
    baseline: 0.95,
    detail: { ...detail, seconds, switched: Number(switched.toFixed(4)) },
  };
  yield {
    figure: 'first-come-ratio',
    value: Math.min(...workOwed(fleet, runFirstCome(fleet))) / optimum,
    unit: 'ratio',
    detail,
  };
};
