import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { SCHEMES } from '../views.ts';
import { type FakeContributor, fakeContributor } from './fake-contributor.ts';
import { STATES, type State } from './states.ts';

const ORIGIN = 'https://pocketgrid.test';
/** A phone's width, and so high that nothing scrolls. */
const VIEWPORT = { width: 390, height: 2_400 };
const LOOK = { viewport: VIEWPORT, reducedMotion: 'reduce' } as const;
const STEP_MS_MAX = 20_000;
/** Colours change within it. */
const SETTLE_MS = 250;
/** After which the page looks for an update. */
const UPDATE_MS = 5_000;
/** What the words of the panel keep around them. */
const MARGIN_PX = 12;
/** What tsx calls around each function, and a page has not. */
const KEEPS_NAMES = 'globalThis.__name = (named) => named;';
const GRID = {
  ...{ devices: [], verifiers: [], disputes: [], faults: [] },
  ...{ jobsRunning: 2, jobsWaiting: 1, unitsAccepted: 48_112 },
};

/** A picture of a state, by scheme. */
export type Shots = Record<(typeof SCHEMES)[number], Buffer[]>;

/** Takes every state of the contributor's panel of the built app, in one language. */
export async function shootStates(browser: Browser, language: string): Promise<Shots> {
  const context = await browser.newContext({ ...LOOK, baseURL: ORIGIN });
  try {
    const gate = { isOpen: true };
    await serveBuilt(context, gate);
    await context.addInitScript(`${KEEPS_NAMES}(${fakeContributor})();`);
    await context.addInitScript(`localStorage.setItem('pocketgrid.language', '${language}')`);
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    const shots: Shots = { light: [], dark: [] };
    const visit = async (path: string) => {
      gate.isOpen = true;
      await page.goto(path);
      gate.isOpen = false;
    };
    await visit('/');
    for (const state of STATES) {
      if (state.page === 'update') await visit('/?update');
      await reach(page, state);
      for (const scheme of SCHEMES) {
        await page.emulateMedia({ colorScheme: scheme });
        shots[scheme].push(await shoot(page, state));
      }
      if (state.page !== undefined) await visit('/');
    }
    return shots;
  } finally {
    await context.close();
  }
}

/**
 * The files of `dist/`, under an address of their own: there is no hub behind it. A page that is out of
 * date loads itself anew: not before its picture is taken.
 */
async function serveBuilt(context: BrowserContext, gate: { isOpen: boolean }): Promise<void> {
  await context.route(`${ORIGIN}/**`, (route) => {
    if (route.request().isNavigationRequest() && !gate.isOpen)
      return route.fulfill({ status: 204 });
    const { pathname } = new URL(route.request().url());
    if (pathname === '/v1/grid') return route.fulfill({ json: GRID });
    if (pathname.startsWith('/v1/')) return route.fulfill({ status: 404, json: {} });
    return route.fulfill({ path: join('dist', pathname === '/' ? 'index.html' : pathname) });
  });
}

/** Brings the page into a state. */
async function reach(page: Page, { status, page: what }: State): Promise<void> {
  const start = page.getByTestId('start');
  await start.or(page.getByTestId('stop')).waitFor();
  if (what === 'fresh') return page.waitForTimeout(SETTLE_MS);
  if (await start.isVisible()) await start.click();
  await page.waitForFunction(() => 'tellPage' in globalThis);
  await page.evaluate(
    ({ told }) => {
      const off = { phase: 'off', since: 0, unitsAccepted: 0, shardsAccepted: 0, unitsChecked: 0 };
      const rest = { unitsMismatched: 0, trials: [], verdicts: [], served: 0 };
      const status = { ...off, reason: { code: 'off', values: {} }, ...rest, ...told };
      (globalThis as unknown as FakeContributor).tellPage({ type: 'status', status });
    },
    { told: status },
  );
  await happen(page, what);
  await page.waitForTimeout(SETTLE_MS);
}

async function happen(page: Page, what: State['page']): Promise<void> {
  if (what === undefined) return;
  if (what === 'stopping') return page.getByTestId('stop').click();
  if (what === 'update') return page.waitForTimeout(UPDATE_MS);
  await page.evaluate((event) => {
    const { document, navigator } = globalThis as unknown as Record<string, EventTarget>;
    const window = globalThis as unknown as EventTarget;
    if (event === 'hidden') {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
      document?.dispatchEvent(new Event('visibilitychange'));
    } else if (event === 'offline') {
      Object.defineProperty(navigator, 'onLine', { value: false });
      window.dispatchEvent(new Event('offline'));
    } else if (event === 'install') window.dispatchEvent(new Event('beforeinstallprompt'));
  }, what);
}

async function shoot(page: Page, { isWhole }: State): Promise<Buffer> {
  if (isWhole) return page.locator('#main').screenshot({ animations: 'disabled' });
  const [words, action] = await Promise.all(
    ['.hero-words', '.hero-action'].map((part) => page.locator(part).boundingBox()),
  );
  if (words == null || action == null)
    throw new Error('The page has no panel to take a picture of.');
  const y = words.y - MARGIN_PX;
  const clip = { x: 0, y, width: VIEWPORT.width, height: action.y + action.height + MARGIN_PX - y };
  return page.screenshot({ animations: 'disabled', clip });
}
