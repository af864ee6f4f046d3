import { chromium, type Page } from 'playwright-core';
import { buildApp } from './app.ts';
import { EAGER_MEMORY, readMemory } from './care/memory.ts';
import { measureRelease } from './care/release.ts';
import { measureLongestTask } from './care/tasks.ts';
import { awaitAccepted, openCareGrid, postUnits, startWork } from './care/visit.ts';
import { runCommand } from './command.ts';
import { type Bench, type BenchContext, type Figure, median } from './figure.ts';
import type { BenchHub } from './hub.ts';

const SIM_MS_MAX = 5 * 60_000;
/** Units accepted when memory is looked at: at least so many, and then ten times what there were. */
const [FIRST_UNITS, TIMES] = [200, 10];
const [LOOKS, LOOK_MS] = [5, 700];
const MEMORY_RATIO_MAX = 1.1;
const RELEASE_MS_MAX = 1_000;
const TASK_MS_MAX = 50;
const ROUNDS = 5;
const WINDOW_MS = 10_000;
/** More than is computed while the browser is looked at. */
const ENDLESS_UNITS = 60_000;

interface Night extends Record<string, unknown> {
  name: string;
  units: number;
  paused: Record<string, number>;
}

/** What a contributor's browser takes of its device, and a night of a simulated phone. */
export const run: Bench = async function* (context) {
  await buildApp();
  const hub = await openCareGrid(context);
  yield* measureBrowser(hub, context);
  yield* simulateNights();
};

async function* measureBrowser(hub: BenchHub, context: BenchContext): AsyncGenerator<Figure> {
  const args = ['--no-sandbox', EAGER_MEMORY];
  const browser = await chromium.launch({ executablePath: context.chromium, args });
  context.defer(() => browser.close());
  const page = await (await browser.newContext()).newPage();
  await postUnits(hub, ENDLESS_UNITS);
  await startWork(page, hub);
  yield await compareMemory(page);
  await postUnits(hub, ENDLESS_UNITS);
  const rounds = Array.from({ length: context.quick ? 1 : ROUNDS });
  const [releases, tasks]: [number[], number[]] = [[], []];
  for (const _ of rounds) tasks.push(await measureLongestTask(page, WINDOW_MS));
  for (const _ of rounds) releases.push(await measureRelease(page));
  const detail = { rounds: rounds.length };
  const [releaseMs, taskMs] = [Math.max(...releases), median(tasks)];
  const released = { unit: 'ms', baseline: RELEASE_MS_MAX, detail };
  yield { figure: 'hidden-release-ms', value: releaseMs, ...released };
  yield { figure: 'longest-task-ms', value: taskMs, unit: 'ms', baseline: TASK_MS_MAX, detail };
}

/** What a page and its workers hold while they compute. */
async function compareMemory(page: Page): Promise<Figure> {
  const detail: Record<string, number> = {};
  const look = async (place: string, least: number): Promise<[number, number]> => {
    const units = await awaitAccepted(page, least);
    // Inputs and outputs of the shards at hand are in each single look.
    const looks: number[] = [];
    for (let at = 0; at < LOOKS; at += 1) {
      looks.push(await readMemory(page));
      await page.waitForTimeout(LOOK_MS);
    }
    const bytes = median(looks);
    Object.assign(detail, { [`${place}Units`]: units, [`${place}Bytes`]: bytes });
    return [units, bytes];
  };
  const [firstUnits, firstBytes] = await look('first', FIRST_UNITS);
  const [, lastBytes] = await look('last', TIMES * firstUnits);
  const limit = { unit: 'ratio', baseline: MEMORY_RATIO_MAX, detail };
  return { figure: 'memory', value: lastBytes / firstBytes, ...limit };
}

/** A night under each preset: real contributor core, physics of sim/phone. */
async function* simulateNights(): AsyncGenerator<Figure> {
  const words = [process.execPath, '--import', 'tsx', 'sim/run.ts', 'night'];
  const nights = JSON.parse(await runCommand(words, SIM_MS_MAX)) as Night[];
  for (const { name, units, paused, ...night } of nights) {
    const pauses = Object.entries(paused).map(
      ([code, minutes]) => `${code} ${Math.round(minutes)}`,
    );
    const rounded = Object.entries(night).map(([key, value]) => [
      key,
      Math.round(Number(value) * 10) / 10,
    ]);
    const detail = { ...Object.fromEntries(rounded), pausedMinutes: pauses.join(', ') };
    yield { figure: `night-${name}`, value: units, unit: 'units', detail };
  }
}
