import { readFile } from 'node:fs/promises';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

test.use({ viewport: { width: 390, height: 844 } });
const checks = ['--checks', 'flat:0.05'];
let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
});
test.afterEach(() => grid?.close());

/** What a phone of the test says of its battery and line; Chromium on a desk says neither. */
interface FakeTraits {
  level: number;
  charging: boolean;
  type: string;
}

/** Gives every page of a context a battery and a line that the test changes. */
async function fakePhone(context: BrowserContext, traits: FakeTraits): Promise<void> {
  await context.addInitScript((first) => {
    const battery = Object.assign(new EventTarget(), first);
    const connection = Object.assign(new EventTarget(), { type: first.type, saveData: false });
    Object.defineProperty(Navigator.prototype, 'getBattery', {
      value: () => Promise.resolve(battery),
      configurable: true,
    });
    Object.defineProperty(Navigator.prototype, 'connection', { get: () => connection });
    // Other tests keep this machine busy.
    Reflect.deleteProperty(globalThis, 'PressureObserver');
    Object.assign(globalThis, {
      changePhone(next: Partial<typeof first>) {
        Object.assign(battery, next);
        Object.assign(connection, next.type === undefined ? {} : { type: next.type });
        battery.dispatchEvent(new Event('chargingchange'));
        connection.dispatchEvent(new Event('change'));
      },
    });
  }, traits);
}
const changePhone = (page: Page, next: Partial<FakeTraits>): Promise<void> =>
  page.evaluate((change) => {
    const { changePhone: apply } = globalThis as unknown as {
      changePhone(next: Partial<FakeTraits>): void;
    };
    apply(change);
  }, next);
/** A browser that tells nothing of its battery and its line, as Safari and Firefox. */
async function hidePhone(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'getBattery');
    Reflect.deleteProperty(Navigator.prototype, 'connection');
    Reflect.deleteProperty(globalThis, 'PressureObserver');
  });
}

const expectPhase = (page: Page, phase: string) =>
  expect(page.getByTestId('phase')).toHaveAttribute('data-phase', phase);

test('an unplugged phone gives its work back, says why, and goes on when it charges', async ({
  browser,
}) => {
  const context = await browser.newContext();
  await fakePhone(context, { level: 0.8, charging: true, type: 'wifi' });
  const page = await contribute(context, grid.url);
  await choose(page, 'Gentle');
  await postDigits(grid, await makeRows(60_000), 4);
  await expectPhase(page, 'working');
  await changePhone(page, { charging: false });
  await expectPhase(page, 'paused');
  await expect(page.getByTestId('reason')).toContainText('not charging');
  await expect(page.getByTestId('next')).toContainText('when it charges');
  // A screen reader hears of it: not of the first two phases alone.
  await expect(page.getByRole('status').first()).toContainText('Paused');
  await expect.poll(async () => (await grid.api.devices()).length).toBe(1);
  await changePhone(page, { charging: true });
  await expectPhase(page, 'working');
  await changePhone(page, { type: 'cellular' });
  await expect(page.getByTestId('reason')).toContainText('mobile data');
  await expect(page.getByRole('status').first()).toContainText('mobile data');
  await context.close();
});

test('a browser that tells nothing asks its person, and settings are kept', async ({ browser }) => {
  const context = await browser.newContext();
  await hidePhone(context);
  const page = await contribute(context, grid.url);
  await openSettings(page);
  await page.getByRole('radio', { name: /Gentle/ }).check();
  await openSettings(page);
  await expect(page.getByTestId('reason')).toContainText(
    'does not tell whether the device charges',
  );
  await page.getByRole('button', { name: 'It is charging now' }).click();
  await expect(page.getByTestId('reason')).toContainText('does not tell whether it is on Wi-Fi');
  await page.getByRole('button', { name: 'It is on Wi-Fi now' }).click();
  await expect(page.getByTestId('reason')).not.toContainText('does not tell');
  await expectAccessible(page);
  await page.reload();
  await openSettings(page);
  await expect(page.getByRole('radio', { name: /Gentle/ })).toBeChecked();
  await page.getByLabel(/Time at work/).fill('50');
  await expect(page.getByText('Your own choice')).toBeVisible();
  await context.close();
});

// privacy: picture-local
// privacy: delete-all
test('a browser shows what its device did on all visits, and deletes it', async ({ browser }) => {
  const context = await browser.newContext();
  await hidePhone(context);
  const page = await contribute(context, grid.url);
  await postDigits(grid, await makeRows(2_000), 4);
  await expect(page.getByTestId('accepted')).not.toHaveText('0', { timeout: 90_000 });
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.reload();
  await page.getByText('What this device did').click();
  await expect(page.getByTestId('history-totals')).toContainText('on 1 day');
  await expect(page.getByTestId('history-totals')).toContainText(/\d to \d.* Wh/);
  await expect(page.getByText(/units? of .* accepted/).first()).toBeVisible();
  await expectPicture(page);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Free this space' }).click();
  await expect(page.getByText('Models kept: 0 kB.')).toBeVisible();
  await page.getByRole('button', { name: 'Delete all that is kept here…' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeVisible();
  await expect(page.getByText('What this device did')).toHaveCount(0);
  const left = await page.evaluate(async () => ({
    names: (await indexedDB.databases()).map(({ name }) => name),
    device: localStorage.getItem('pocketgrid.device'),
  }));
  expect(left).toEqual({ names: [], device: null });
  await context.close();
});

/** The page draws a picture, puts it into the downloads, and sends nothing. */
async function expectPicture(page: Page): Promise<void> {
  const called: string[] = [];
  page.on('request', (request) => called.push(`${request.method()} ${request.url()}`));
  const share = page.getByRole('button', { name: 'Share as a picture' });
  const [download] = await Promise.all([page.waitForEvent('download'), share.click()]);
  const picture = await readFile(await download.path());
  expect(picture.subarray(1, 4).toString()).toBe('PNG');
  expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1200, 630]);
  await expect(page.getByText('The picture is in your downloads.')).toBeVisible();
  // The hub is asked for what the page shows; a transaction's cluster is behind its `/chain`.
  const isAsked = (call: string) =>
    call.startsWith(`GET ${grid.url}`) || /^GET blob:|\/chain$/.test(call);
  const others = called.filter((call) => !isAsked(call));
  expect(others).toEqual([]);
}

const openSettings = (page: Page) => page.getByText('Settings', { exact: true }).click();

async function choose(page: Page, preset: string): Promise<void> {
  await openSettings(page);
  await page.getByRole('radio', { name: new RegExp(preset) }).check();
  // The taps on the settings are a use of the phone.
  await page.getByLabel('Stop while I use it').uncheck();
  await openSettings(page);
}
