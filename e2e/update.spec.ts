import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Front, openFront } from './front.ts';
import { type Grid, openGrid } from './grid.ts';

let grid: Grid;
let front: Front;
let context: BrowserContext;
test.beforeEach(async ({ browser }) => {
  grid = await openGrid();
  front = await openFront(grid.url);
  context = await browser.newContext();
});
test.afterEach(async () => {
  await context?.close();
  await front?.close();
  await grid?.close();
});

const RUNTIME = /^\/assets\/ort-/;

test('a version found while it works is taken up between two shards, and work goes on', async () => {
  const page = await contribute(context, front.url);
  const job = await postDigits(grid, await makeRows(60_000), 4);
  await expectPhase(page, 'working');
  await kept(page);
  await noteText(page, 'A newer Pocketgrid is ready.');
  publish();
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await expect(page.locator('meta[name=build]')).toHaveAttribute('content', 'newer');
  await expectPhase(page, 'working');
  expect(await page.evaluate(() => sessionStorage.getItem('noted'))).toContain('taken up');
  await expect(page.getByText('A newer Pocketgrid is ready.')).toHaveCount(0);
  await expect(page.getByTestId('accepted')).not.toHaveText('0');
  // No shard was cut short: what it held was handed in first.
  expect(await grid.api.read(job.id)).toMatchObject({ requeued: 0, mismatched: 0 });
});

test('an older page whose runtime is gone from the hub gets the newer version by itself', async () => {
  const page = await context.newPage();
  await page.goto(front.url);
  await kept(page);
  await page.reload();
  const restore = front.change(RUNTIME, null);
  publish(restore);
  await postDigits(grid, await makeRows(2_000), 4);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.locator('meta[name=build]')).toHaveAttribute('content', 'newer');
  await expect(page.getByTestId('accepted')).not.toHaveText('0');
});

test('an older page that no service worker keeps is made new by a reload', async () => {
  await context.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'serviceWorker');
  });
  const page = await context.newPage();
  await page.goto(front.url);
  publish(front.change(RUNTIME, null));
  await postDigits(grid, await makeRows(2_000), 4);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.locator('meta[name=build]')).toHaveAttribute('content', 'newer');
  await expect(page.getByTestId('accepted')).not.toHaveText('0');
});

test('a newer page finds damaged parts of the runtime in the cache and fetches them anew', async () => {
  const page = await context.newPage();
  await page.goto(front.url);
  await kept(page);
  const parts: string[] = [];
  context.on('request', (request) => {
    if (request.url().endsWith('.bin')) parts.push(request.url());
  });
  await postDigits(grid, await makeRows(2_000), 4);
  await page.reload();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.getByTestId('accepted')).not.toHaveText('0');
  const damaged = await page.evaluate(
    async (urls) => {
      const cache = await caches.open('pocketgrid-runtime');
      const [short = '', other = ''] = urls;
      const length = (await (await cache.match(other))?.arrayBuffer())?.byteLength ?? 0;
      await cache.put(short, new Response(new Uint8Array(7)));
      await cache.put(other, new Response(new Uint8Array(length)));
      return length;
    },
    [...new Set(parts)],
  );
  expect(damaged).toBeGreaterThan(0);
  await page.reload();
  await postDigits(grid, await makeRows(4_000), 4);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(page.getByTestId('accepted')).not.toHaveText('0');
});

test('a page that waits for a hub that was away connects at a tap on Try now', async () => {
  const page = await contribute(context, grid.url);
  await expectPhase(page, 'idle');
  await grid.killHub();
  await expectPhase(page, 'hub-down');
  const tap = page.getByRole('button', { name: 'Try now' });
  await expect(tap).toBeVisible();
  await grid.restartHub();
  await tap.click();
  await expectPhase(page, 'idle');
  await expect(tap).toHaveCount(0);
});

const expectPhase = (page: Page, phase: string) =>
  expect(page.getByTestId('phase')).toHaveAttribute('data-phase', phase);

/** Waits until the browser keeps the app. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active?.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 50));
  });

/** Keeps, over a reload, what a paragraph with this text says: it may be there for a moment. */
const noteText = (page: Page, text: string) =>
  page.evaluate((wanted) => {
    new MutationObserver(() => {
      const found = [...document.querySelectorAll('p')].find((each) =>
        each.textContent.includes(wanted),
      );
      if (found === undefined || sessionStorage.getItem('noted') !== null) return;
      sessionStorage.setItem('noted', found.textContent);
    }).observe(document.body, { childList: true, subtree: true });
  }, text);

/** Has the hub serve a newer build: another service worker, and a page with a mark. */
function publish(asked?: () => void): void {
  const mark = (html: string) => {
    asked?.();
    return html.replace('<head>', '<head><meta name="build" content="newer">');
  };
  front.change('/', mark);
  front.change('/index.html', mark);
  front.change('/sw.js', (script) =>
    script.replace(/"revision":"\w+","url":"index\.html"/, '"revision":"newer","url":"index.html"'),
  );
}
