import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';
import { allowBackground, openWaker, type Waker } from './waker.ts';

/** The part of a service worker's scope that a tap on a notification takes. */
interface WorkerScope extends EventTarget {
  registration: ServiceWorkerRegistration;
  clients: { openWindow(url: string): Promise<void> };
  NotificationEvent: new (type: string, options: { notification: Notification }) => Event;
}

test.use({ viewport: { width: 390, height: 844 } });
const checks = ['--checks', 'flat:0.05'];
let grid: Grid;
let context: BrowserContext;
test.beforeEach(async ({ browser }) => {
  grid = await openGrid({ hub: checks, verifier: checks });
  context = await browser.newContext();
});
test.afterEach(async () => {
  await context?.close();
  await grid?.close();
});

test('a browser that is woken without a page computes a shard that counts, or says why not', async ({
  browser,
}) => {
  await allowBackground(browser, context, grid.url);
  const page = await contribute(context, grid.url);
  // The first work admits the device, and leaves model and program in this browser.
  const first = await postDigits(grid, await makeRows(400), 4);
  await expect(page.getByTestId('accepted')).not.toHaveText('0', { timeout: 90_000 });
  await grid.api.finish(first.id);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await openSwitches(page);
  await page.getByLabel(/Work a little in the background/).check();
  await expect(page.getByText('as it sees fit, twice a day at most')).toBeVisible();
  await expectAccessible(page);
  const waker = await openWaker(context, grid.url);
  const job = await postDigits(grid, await makeRows(60_000), 4);
  await expect.poll(async () => (await grid.api.read(job.id)).state).toBe('running');

  // No page is open: the browser alone wakes it.
  await page.close();
  await waker.wake();
  await expect.poll(async () => (await grid.api.read(job.id)).accepted).toBeGreaterThan(0);
  await expect.poll(async () => (await grid.api.devices()).length).toBe(0);
  const [shard] = await grid.api.shards(job.id);
  expect(shard).toMatchObject({ provider: 'wasm' });

  const again = await context.newPage();
  await again.goto(grid.url);
  const device = await again.evaluate(() => localStorage.getItem('pocketgrid.device'));
  expect(shard?.device).toBe(device);
  await openSwitches(again);
  await expect(
    again.getByText(/Last woken .* It computed \d+ units? in the background/),
  ).toBeVisible();

  await again.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(again.getByTestId('phase')).toHaveAttribute('data-phase', 'working');
  await expectWoken(again, waker, 'tab-at-work');
  await expect(again.getByTestId('phase')).toHaveAttribute('data-phase', 'working');
  await again.getByRole('button', { name: 'Stop', exact: true }).click();
  await expect(again.getByRole('button', { name: 'Start', exact: true })).toBeVisible();

  await again.getByRole('radio', { name: /Gentle/ }).check();
  await expectWoken(again, waker, 'unplugged');
  await again.getByRole('radio', { name: /Balanced/ }).check();
  await again.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  });
  const session = await context.newCDPSession(again);
  await session.send('Network.clearBrowserCache');
  await expectWoken(again, waker, 'nothing-kept');
  await grid.killHub();
  await expectWoken(again, waker, 'hub-away');
});

test('who wants to be told is told once that work waits, and what was seen is there when the hub is away', async ({
  browser,
}) => {
  await allowBackground(browser, context, grid.url);
  const page = await context.newPage();
  await page.goto(grid.url);
  await openSwitches(page);
  await page.getByLabel(/Tell me when work waits/).check();
  await expect(page.getByText('twice a day at most')).toBeVisible();
  const waker = await openWaker(context, grid.url);
  await postDigits(grid, await makeRows(2_000), 4);
  await page.close();
  const worker = context.serviceWorkers().find((each) => each.url().endsWith('/background.js'));
  const told = () =>
    worker?.evaluate(async () => {
      const { registration } = globalThis as unknown as WorkerScope;
      const shown = await registration.getNotifications();
      return shown.map(({ title, body, tag }) => ({ title, body, tag }));
    });
  await expect
    .poll(
      async () => {
        await waker.wake();
        return told();
      },
      { timeout: 60_000, intervals: [2_000] },
    )
    .toEqual([
      { title: 'Work waits', body: '1 job at the hub waits for devices.', tag: 'work-waits' },
    ]);
  // Only a tap of a person may open a window: a tap that is made has it written down in its place.
  const tapped = await worker?.evaluate(async () => {
    const scope = globalThis as unknown as WorkerScope;
    const fakeOpened: string[] = [];
    scope.clients.openWindow = async (url) => void fakeOpened.push(url);
    const [notification] = await scope.registration.getNotifications();
    if (notification === undefined) return undefined;
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
    await new Promise((resolve) => setTimeout(resolve, 500));
    return fakeOpened;
  });
  expect(tapped).toEqual(['/']);
  expect(await told()).toEqual([]);
  const opened = await context.newPage();
  await opened.goto(grid.url);
  await opened.evaluate(async () => (await navigator.serviceWorker.ready).active?.state);
  await grid.killHub();
  await opened.reload();
  await expect(opened.getByTestId('grid-now')).toContainText('1 job waited');
});

test('a browser that refuses notifications, or has none, says what to do', async () => {
  const page = await context.newPage();
  await page.goto(grid.url);
  // A browser without a person to ask denies.
  await openSwitches(page);
  await page.getByLabel(/Tell me when work waits/).click();
  await expect(page.getByText('Notifications of this page are blocked')).toBeVisible();
  await expect(page.getByLabel(/Tell me when work waits/)).not.toBeChecked();
  await page.getByLabel(/Work a little in the background/).check();
  await expect(page.getByText('only once this page is installed')).toBeVisible();
  await context.addInitScript(() => {
    Reflect.deleteProperty(globalThis, 'Notification');
    Reflect.deleteProperty(ServiceWorkerRegistration.prototype, 'periodicSync');
  });
  await page.reload();
  await openSwitches(page);
  await expect(page.getByText('shows no notifications of this page')).toBeVisible();
  await expect(page.getByText('wakes no closed page')).toBeVisible();
  await page.getByLabel(/Work a little in the background/).uncheck();
  await expect
    .poll(() =>
      page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length),
    )
    .toBeLessThanOrEqual(1);
});

async function openSwitches(page: Page): Promise<void> {
  await page.getByText('Settings', { exact: true }).click();
  await page.getByText('While this page is closed').click();
}

/** Wakes it until this came of it: what was changed before may still be on its way to it. */
const expectWoken = (page: Page, waker: Waker, code: string) =>
  expect
    .poll(
      async () => {
        await waker.wake();
        await page.waitForTimeout(2_000);
        return readWoken(page);
      },
      { timeout: 60_000 },
    )
    .toBe(code);

/** The reason of what came of the last time it was woken. */
const readWoken = (page: Page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('pocketgrid-device');
        opening.onsuccess = () => {
          const { result } = opening;
          const got = result.transaction('device').objectStore('device').get('woken');
          got.onsuccess = () => {
            result.close();
            resolve(got.result?.reason?.code);
          };
        };
      }),
  );
