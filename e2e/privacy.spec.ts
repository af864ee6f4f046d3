import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { contribute, keepConnections } from './browser.ts';
import { makeRows, postDigits, readModel } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

const checks = ['--checks', 'flat:0.05'];
/** So long a part of a file is nothing else's by chance. */
const PART_BYTES = 64;
let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
});
test.afterEach(() => grid?.close());

const connections = (page: Page) =>
  page.evaluate(() => {
    const { keptConnections } = globalThis as unknown as { keptConnections: unknown[] };
    return keptConnections.length;
  });
const work = async (page: Page) => {
  await expect(page.getByTestId('accepted')).not.toHaveText('0', { timeout: 90_000 });
};

// privacy: no-third-party
test('the page calls its own hub alone, sets no cookie, and says what it knows of a device', async ({
  context,
}) => {
  const called = new Set<string>();
  context.on('request', (request) => called.add(new URL(request.url()).host));
  context.on('page', (page) =>
    page.on('websocket', (socket) => called.add(new URL(socket.url()).host)),
  );
  const page = await contribute(context, grid.url);
  await postDigits(grid, await makeRows(2_000), 4);
  await work(page);
  await page.getByRole('link', { name: 'Privacy' }).click();
  await expect(page.getByRole('heading', { name: 'Privacy', level: 1 })).toBeVisible();
  await expect(page.getByTestId('privacy')).toContainText('never its network address');
  await expectAccessible(page);
  for (const path of ['/dashboard', '/verdicts', '/privacy']) {
    await page.goto(`${grid.url}${path}`);
    await expect(page.getByRole('link', { name: 'Privacy' })).toBeVisible();
  }
  expect([...called]).toEqual([new URL(grid.url).host]);
  expect(await context.cookies()).toEqual([]);
});

// privacy: peers-address
test('with the switch off no connection to another device is made, and with it on some are', async ({
  browser,
}) => {
  await postDigits(grid, await makeRows(60_000), 4);
  const open = async (isShared: boolean) => {
    const context = await browser.newContext();
    await keepConnections(context);
    const page = await context.newPage();
    await page.goto(grid.url);
    await page.getByText('Settings', { exact: true }).click();
    const name = 'Share model pieces with other devices';
    await page.getByRole('checkbox', { name }).setChecked(isShared);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await work(page);
    const made = await connections(page);
    await context.close();
    return made;
  };
  expect(await open(true)).toBeGreaterThan(0);
  expect(await open(false)).toBe(0);
});

/** Rows that no file of the browser has by chance. */
async function makeOddRows(count: number): Promise<Buffer> {
  const rows = await makeRows(count);
  const start = 10 + rows.readUInt16LE(8);
  for (let at = start; at < rows.length; at += 4) rows.writeFloatLE(Math.random(), at);
  return rows;
}

/** Whether any file of a folder has a part of these bytes, from one of these places on. */
async function isOnDisk(folder: string, bytes: Buffer, places: readonly number[]) {
  const parts = places.map((at) => bytes.subarray(at, at + PART_BYTES));
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const name of names) {
    if (!name.isFile()) continue;
    const file = await readFile(join(name.parentPath, name.name)).catch(() => Buffer.alloc(0));
    if (parts.some((part) => file.includes(part))) return true;
  }
  return false;
}

// privacy: inputs-not-kept
test('no file of a browser has any part of what it computed on, and the model is in one', async ({
  playwright,
}, info) => {
  const profile = join(grid.folder, 'profile');
  const { launchOptions } = info.project.use;
  const context = await playwright.chromium.launchPersistentContext(profile, launchOptions);
  const rows = await makeOddRows(400);
  const job = await postDigits(grid, rows, 4);
  await work(await contribute(context, grid.url, '?webrtc=off'));
  await grid.api.finish(job.id);
  await context.close();
  const start = 10 + rows.readUInt16LE(8);
  const every = Array.from({ length: 400 }, (_, row) => start + row * 256 + 64);
  expect(await isOnDisk(profile, await readModel(), [1_000])).toBe(true);
  expect(await isOnDisk(profile, rows, every)).toBe(false);
});
