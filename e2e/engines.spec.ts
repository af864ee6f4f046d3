import { expect, test } from '@playwright/test';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';
import { openTab } from './open-tab.ts';
import type { Tab } from './tab.ts';

const checks = ['--checks', 'flat:0.05'];
const ENGINES: Record<string, RegExp> = { firefox: /^Firefox \d+$/, webkit: /^Safari \d+$/ };
let grid: Grid;
let tab: Tab;
test.beforeEach(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
  tab = await openTab(test.info().project);
});
test.afterEach(async () => {
  await tab?.close();
  await grid?.close();
});

/** The text of the first element of a test id; empty where there is none. */
const textOf = async (id: string): Promise<string> =>
  String(await tab.run(`return document.querySelector('[data-testid=${id}]')?.textContent ?? ''`));
const phase = () =>
  tab.run("return document.querySelector('[data-testid=phase]')?.dataset.phase ?? ''");
const count = async (id: string): Promise<number> =>
  Number((await textOf(id)).replace(/\D/g, '') || Number.NaN);
const isGentle = () => tab.run("return document.querySelector('input[value=gentle]')?.checked");
const button = (id: string) => `[data-testid=${id}]`;

test('a visitor reaches accepted units, sees them checked, and stops', async () => {
  const errors = 'globalThis.seen = []; addEventListener("error", (e) => seen.push(e.message));';
  await tab.open(grid.url);
  await tab.run(errors);
  await expect.poll(() => textOf('start')).toBe('Start');
  await tab.click(button('start'));
  await expect.poll(phase).toBe('idle');
  // Each reason is a sentence in the language of the page.
  expect(await tab.run('return document.documentElement.lang')).toMatch(/^[a-z]{2}$/);
  expect(await textOf('reason')).toMatch(/^[A-Z].*[.!]$/);
  await postDigits(grid, await makeRows(60_000), 4);
  await expect.poll(() => count('accepted'), { timeout: 60_000 }).toBeGreaterThan(0);
  await expect.poll(() => count('checked')).toBeGreaterThan(0);
  const [device] = await grid.api.devices();
  expect(device).toMatchObject({
    engine: expect.stringMatching(ENGINES[test.info().project.name] ?? /./) as unknown,
    provider: 'wasm',
  });
  await tab.click(button('stop'));
  await expect.poll(phase).toBe('off');
  expect(await textOf('reason')).toMatch(/Thank you: [\d,]+ units? of yours count/);
  await expect.poll(async () => (await grid.api.devices()).length).toBe(0);
  expect(await tab.run('return seen')).toEqual([]);
});

test('settings are kept, and an unknown charge is asked for', async () => {
  await tab.open(grid.url);
  await tab.click('.settings summary');
  await tab.click('input[value=gentle]');
  await tab.open(grid.url);
  await tab.click('.settings summary');
  await expect.poll(isGentle).toBe(true);
  await tab.click(button('start'));
  await expect.poll(() => textOf('reason')).toContain('does not tell whether the device charges');
  await expect.poll(phase).toBe('paused');
  // The same code in the other language.
  await tab.run("localStorage.setItem('pocketgrid.language', 'de')");
  await tab.open(grid.url);
  await expect.poll(() => tab.run('return document.documentElement.lang')).toBe('de');
  await tab.click(button('start'));
  await expect.poll(() => textOf('reason')).toContain('ob das Gerät lädt');
});
