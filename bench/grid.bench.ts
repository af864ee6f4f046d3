import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext } from 'playwright-core';
import { readGrid } from '#client/grid.ts';
import { startJob } from '#client/jobs.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { buildApp } from './app.ts';
import { openBrowser } from './browser.ts';
import { openProgram, readVerifierKey } from './command.ts';
import { type Bench, type BenchContext, type Figure, median } from './figure.ts';
import { readSteadyRate } from './grid/steady-rate.ts';
import { awaitJob, type BenchHub, createJob, openHub } from './hub.ts';
import { type BenchModel, encodeItems, plainItems, readModels } from './models.ts';
import { type BenchPages, openBenchPages } from './page-server.ts';

const JOB_MS_MAX = 10 * 60_000;
const START_MS_MAX = 60_000;
const UPLOAD_BYTES_MAX = 480 * 1024 * 1024;
const ROUNDS = 3;
/** The engine compiles the runtime anew, and better, while it is already running. */
const WARM_SECONDS = 3;
/** Items for the very first look at how fast a model is. */
const LOOK_ITEMS = { digits: 16, minilm: 1, mobilenet: 1 };

/** Items/s of the grid with one Chromium tab ÷ items/s of a bare loop in the same Chromium. */
export const run: Bench = async function* (context) {
  await buildApp();
  const models = await readModels(context);
  const browser = await openBrowser(context);
  const pages = await openBenchPages(context, browser);
  const hub = await openGrid(context);
  const tab = await openContributor(hub, browser);
  for (const model of models) {
    const rounds: Round[] = [];
    for (let round = 0; round < (context.quick ? 1 : ROUNDS); round += 1) {
      rounds.push(await measure({ context, hub, pages, tab, model }));
    }
    yield describeRounds(model, rounds);
  }
};

interface Measurement {
  context: BenchContext;
  hub: BenchHub;
  pages: BenchPages;
  tab: Tab;
  model: BenchModel;
}

interface Round {
  grid: number;
  bare: number;
  unitItems: number;
  threads: number;
}

function describeRounds({ name }: BenchModel, rounds: readonly Round[]): Figure {
  const ratios = rounds.map(({ grid, bare }) => grid / bare);
  return {
    figure: name,
    value: median(ratios),
    unit: 'ratio',
    baseline: 1,
    detail: {
      gridItemsPerSecond: median(rounds.map(({ grid }) => grid)),
      bareItemsPerSecond: median(rounds.map(({ bare }) => bare)),
      ratios: ratios.map((ratio) => ratio.toFixed(3)).join(' '),
      unitItems: rounds[0]?.unitItems ?? 0,
      threads: rounds[0]?.threads ?? 0,
    },
  };
}

/** A bare window, a job, a bare window: what the machine does meanwhile weighs on both sides. */
async function measure({ context, hub, pages, tab, model }: Measurement): Promise<Round> {
  const span = context.quick ? { job: 12, bare: 3 } : { job: 30, bare: 8 };
  const bare = async (unitItems: number, threads: number, seconds: number): Promise<number> => {
    const { runs, seconds: took } = await pages.runLoop({
      model: model.url,
      inputs: plainItems(model, unitItems),
      free: Object.fromEntries(model.batchNames.map((name) => [name, unitItems])),
      threads,
      warmSeconds: WARM_SECONDS,
      seconds,
    });
    return (runs * unitItems) / took;
  };
  const look = await bare(LOOK_ITEMS[model.name], 1, 1);
  const items = Math.max(8, Math.min(Math.round(look * span.job), mostItems(model)));
  const created = await createJob(hub, {
    model: model.bytes,
    inputs: encodeItems(model, items),
    options: { name: model.name },
  });
  const job = await awaitAdmission(hub, created.id);
  const threads = await tab.threads();
  const { unitItems } = job;
  const before = await bare(unitItems, threads, span.bare);
  must(await startJob(hub.client, job.id));
  const done = await awaitJob(hub, job.id, { states: ['done'], timeoutMs: JOB_MS_MAX });
  const rate = await readSteadyRate(hub, done);
  const after = await bare(unitItems, threads, span.bare);
  context.say(
    `${model.name}: grid ${rate.itemsPerSecond.toFixed(2)} items/s in ${rate.shards} shards over ` +
      `${rate.seconds.toFixed(1)} s, bare ${before.toFixed(2)} and ${after.toFixed(2)} items/s`,
  );
  return { grid: rate.itemsPerSecond, bare: (before + after) / 2, unitItems, threads };
}

/** An upload's length is bounded; a fast model of large items gets a shorter job. */
const mostItems = ({ inputs }: BenchModel): number =>
  Math.floor(
    UPLOAD_BYTES_MAX /
      [...inputs.values()].reduce((sum, { data, shape }) => sum + data.length / (shape[0] ?? 1), 0),
  );

/** The real hub and the real verifier, each a process of its own. */
async function openGrid(context: BenchContext): Promise<BenchHub> {
  const data = `${context.folder}/grid`;
  const key = await readVerifierKey(data);
  const hub = await openHub(context, data, ['--verifier-key', key]);
  // What a device with 5,000 units behind it is checked at: the bench is about its steady work.
  const verifier = ['verifier/main.ts', '--hub', hub.url, '--data', data, '--checks', 'flat:0.02'];
  await openProgram(verifier, context).hear('ready', START_MS_MAX);
  return hub;
}

interface Tab {
  /** WebAssembly threads that the page says it runs on. */
  threads(): Promise<number>;
}

/** The contribute page, as a visitor opens it, with Start tapped. */
async function openContributor(hub: BenchHub, browser: BrowserContext): Promise<Tab> {
  const page = await browser.newPage();
  await page.goto(new URL('/?provider=wasm', hub.url).href);
  await page.getByTestId('start').click();
  return {
    async threads() {
      const text = await page.getByTestId('provider').textContent({ timeout: START_MS_MAX });
      return Number(/(\d+) threads/.exec(text ?? '')?.[1] ?? 1);
    },
  };
}

/** A quote has a duration once a device has passed admission; the tab is idle from then on. */
async function awaitAdmission(hub: BenchHub, id: JobId): Promise<JobView> {
  await awaitJob(hub, id, { states: ['quoted'], timeoutMs: JOB_MS_MAX });
  const until = performance.now() + JOB_MS_MAX;
  while (performance.now() < until) {
    const job = await awaitJob(hub, id, { states: ['quoted'], timeoutMs: START_MS_MAX });
    if (job.quote?.durationMs !== undefined) return job;
    await sleep(250);
  }
  throw new Error(`the tab was not admitted: ${JSON.stringify(await readGrid(hub.client))}`);
}
