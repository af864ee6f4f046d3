import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { NO_CONFIG } from '#node/config/config-file.ts';
import { findChromium } from './chromium.ts';
import { writeAppPictures } from './screenshots/app-pictures.ts';
import { postDigits, reachState } from './screenshots/digits.ts';
import { shootFilmstrip } from './screenshots/filmstrip.ts';
import { shootLanguages } from './screenshots/languages.ts';
import { shootMoney } from './screenshots/money.ts';
import { openViews, takeScene, type View } from './screenshots/views.ts';
import { ensureBuilt } from './start/build.ts';
import { type Grid, openGrid } from './start/grid.ts';

/**
 * Takes the documents' pictures from a real grid: `npm run screenshots`. What the README shows goes
 * to `docs/screenshots/`, what the app itself shows to `public/pictures/`, the other pages to `.build/screenshots/`, for a look at all of them.
 */
const SHOWN = 'docs/screenshots';
const OTHERS = '.build/screenshots';
const SHOWN_BYTES_MAX = 1_500_000;
const STEP_MS_MAX = 120_000;
/** 46 MB of inputs: more than is computed while pictures are taken. */
const LONG = { name: 'Digits, two hundred times', rows: 359_400, unitItems: 8 };
/** After the first shard, so that there is a speed and a curve to see. */
const CURVE_MS = 5_000;

let shownBytes = 0;
const say = (line: string) => process.stdout.write(`${line}\n`);

async function shoot(views: readonly View[], scene: string, shown: boolean): Promise<void> {
  for (const view of views) {
    const bytes = await takeScene(view, scene, shown ? SHOWN : OTHERS);
    if (shown) shownBytes += bytes;
    say(`${scene}, ${view.name}: ${Math.round(bytes / 1000)} kB`);
  }
}

async function main(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'pocketgrid-screenshots-'));
  const chosen = { once: true, contributors: 1, port: 0, data };
  const flags = { ...chosen, 'no-sample': true, lan: false };
  let grid: Grid | undefined;
  let browser: Browser | undefined;
  try {
    await ensureBuilt(say);
    grid = await openGrid({ flags, config: NO_CONFIG }, say);
    browser = await chromium.launch({
      executablePath: await findChromium(),
      args: ['--no-sandbox', '--enable-unsafe-webgpu'],
    });
    await shootAll(grid, await openViews(browser, grid.addresses.hub));
    await writeAppPictures(SHOWN);
  } finally {
    await browser?.close();
    await grid?.close();
    await rm(data, { recursive: true, force: true });
  }
  if (shownBytes > SHOWN_BYTES_MAX) {
    throw new Error(`${SHOWN} holds ${shownBytes} bytes: show fewer pages or fewer colours.`);
  }
}

async function shootAll(grid: Grid, views: readonly View[]): Promise<void> {
  for (const { page } of views) page.setDefaultTimeout(STEP_MS_MAX);
  await open(views, '/');
  await shoot(views, 'contribute-before', false);

  const done = await runSample(grid, views);
  await open(views, '/dashboard');
  await followJob(views, done);
  for (const { page } of views) await page.getByTestId('results').waitFor();
  await shoot(views, 'job-done', false);
  for (const { page } of views) {
    await page.getByTestId('results').evaluate((element) => element.scrollIntoView());
  }
  await shoot(views, 'job-results', true);

  for (const { page } of views) {
    await page.getByTestId('replay-button').first().click();
    await page.locator('[data-testid=replay][data-state=done]').waitFor();
    await page.getByTestId('receipts').evaluate((element) => element.scrollIntoView());
  }
  await shoot(views, 'job-replay', false);

  await shootMoney(grid, views, (scene) => shoot(views, scene, false));

  const running = await postDigits(grid, { ...LONG, autoStart: true });
  await reachState(grid, running, 'running');
  shownBytes += await shootFilmstrip(browserOf(views), grid.addresses.hub, SHOWN);
  const watchers = await openViews(browserOf(views), grid.addresses.hub);
  for (const { page } of watchers) page.setDefaultTimeout(STEP_MS_MAX);
  await open(watchers, `/dashboard#key=${grid.addresses.key}`);
  await followJob(watchers, running);
  await open(views, '/');
  for (const { page } of views) await page.getByTestId('start').click();
  // A first shard is accepted: the page has figures to show.
  for (const { page } of views) {
    await page.getByTestId('accepted').filter({ hasText: /[1-9]/ }).waitFor();
    await page.waitForTimeout(CURVE_MS);
  }
  await shoot(views, 'contribute', true);
  for (const { page } of watchers) {
    await page.locator('[data-testid=state][data-state=running]').waitFor();
  }
  await shoot(watchers, 'job-running', true);
  await open(watchers, '/dashboard');
  for (const { page } of watchers) await page.getByTestId('jobs').waitFor();
  await shoot(watchers, 'dashboard', false);
  await open(watchers, '/verdicts');
  for (const { page } of watchers) await page.getByTestId('verdict-totals').waitFor();
  await shoot(watchers, 'verdicts', false);
  for (const { page } of views) await page.getByTestId('stop').click();
  await shootLanguages(views, (scene) => shoot(views, scene, false));
}

async function open(views: readonly View[], path: string): Promise<void> {
  for (const { page } of views) {
    await page.goto(path);
    await page.locator('#main').waitFor();
  }
}

/** To a job's page from the list of jobs, as a person goes there. */
async function followJob(views: readonly View[], job: string): Promise<void> {
  for (const { page } of views) await page.locator(`a[href="/dashboard/${job}"]`).click();
}

function browserOf([view]: readonly View[]): Browser {
  const browser = view?.context.browser();
  if (browser == null) throw new Error('The views have no browser: they were opened without one.');
  return browser;
}

/**
 * Posts the sample job as a person does, in the last view; the others get the key. Gives its id.
 */
async function runSample(grid: Grid, views: readonly View[]): Promise<string> {
  await open(views, `/dashboard#key=${grid.addresses.key}`);
  const page = views.at(-1)?.page;
  if (page === undefined) throw new Error('There is no view to post the sample in.');
  for (const each of views) await each.page.getByTestId('post-sample').waitFor();
  await page.getByTestId('post-sample').click();
  await page.getByTestId('start-job').waitFor();
  await shoot(views.slice(-1), 'job-quoted', false);
  await page.getByTestId('start-job').click();
  await page.locator('[data-testid=state][data-state=done]').waitFor();
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}

// The grid and the browser end with this program, also on Ctrl-C.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
