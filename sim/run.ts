import { parseArgs } from 'node:util';
import { PRESET_NAMES, PRESETS } from '#protocol/messages/care.ts';
import { runAttack } from './attack/command.ts';
import { runJobsInARow, tabulateJobs } from './checked.ts';
import { runFair } from './fair.ts';
import { runNight } from './phone/night.ts';
import { runRouting } from './routing/routing.ts';
import { drawHostileScenario, drawScenario, runScenario } from './world/world.ts';

const [first, ...rest] = process.argv.slice(2);
process.exitCode = await runNamed();

function runNamed(): number | Promise<number> {
  switch (first) {
    case 'attack':
      return runAttack(rest);
    case 'fair':
      return printFair();
    case 'routing':
      return printRouting(Number(rest[0] ?? 120));
    case 'checked':
      return printChecked();
    case 'night':
      return printNights();
    case 'overhead':
      process.stdout.write(`${tabulateJobs()}\n`);
      return 0;
    default:
      return runGrids();
  }
}

/** What is checked of each of a hundred jobs of five models, in JSON. */
function printChecked(): number {
  const shares = runJobsInARow({ jobs: 100, unitsEach: 450, models: 5, devices: 10 });
  process.stdout.write(`${JSON.stringify({ shares })}\n`);
  return 0;
}

/** What each preset does to a phone in a night, in JSON. */
function printNights(): number {
  const nights = PRESET_NAMES.map((name) => ({ name, ...runNight(PRESETS[name]) }));
  process.stdout.write(`${JSON.stringify(nights)}\n`);
  return 0;
}

/** What a fleet of many classes computes of jobs of many models, in JSON. */
function printRouting(seconds: number): number {
  const routed = runRouting({ seed: 1, measureMs: seconds * 1_000 });
  process.stdout.write(`${JSON.stringify(routed)}\n`);
  return 0;
}

/** How long a small job takes among large ones, and what each job gets of the devices. */
function printFair(): number {
  const rows = runFair();
  for (const { name, figures, isFair } of rows) {
    process.stdout.write(`${isFair ? 'fair  ' : 'UNFAIR'} ${name}: ${figures}\n`);
  }
  return rows.every(({ isFair }) => isFair) ? 0 : 1;
}

/** Whole grids on seeded clocks and networks: `--seeds COUNT`, or `--seed NUMBER` to repeat one. */
function runGrids(): number {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '12' },
      seed: { type: 'string' },
      /** Liars of every kind beside the honest devices. */
      hostile: { type: 'boolean', default: false },
    },
  });
  const seeds =
    values.seed === undefined
      ? Array.from({ length: Number(values.seeds) }, (_, at) => at + 1)
      : [Number(values.seed)];
  if (seeds.length === 0 || seeds.some((seed) => !Number.isSafeInteger(seed))) {
    console.error(
      'usage: npm run sim -- (--seeds COUNT | --seed NUMBER) [--hostile] | attack | fair | checked | night | overhead | routing [SECONDS]',
    );
    return 2;
  }
  let failed = 0;
  for (const seed of seeds) {
    const scenario = values.hostile ? drawHostileScenario(seed) : drawScenario(seed);
    const outcome = runScenario(scenario);
    if (outcome.broken.length > 0) failed += 1;
    if (outcome.broken.length > 0 || values.seed !== undefined) {
      process.stdout.write(`${JSON.stringify({ scenario, outcome })}\n`);
    }
  }
  process.stdout.write(`${seeds.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}
