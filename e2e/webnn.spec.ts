import { expect, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Front, openFront } from './front.ts';
import { type Grid, openGrid } from './grid.ts';
import { preludeWorkers } from './worker-prelude.ts';

const UNITS = 500;
const ADMITTED_MS_MAX = 90_000;
let grid: Grid;
let front: Front;
test.beforeEach(async () => {
  grid = await openGrid();
  front = await openFront(grid.url);
});
test.afterEach(async () => {
  await front?.close();
  await grid?.close();
});

test('a browser that has navigator.ml and no context for it is told that it lacks WebNN', async ({
  launchOptions,
  playwright,
}) => {
  const flag = '--enable-features=WebMachineLearningNeuralNetwork';
  const args = [...(launchOptions.args ?? []), flag];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  try {
    await postDigits(grid, await makeRows(2_000), 4);
    const page = await contribute(await browser.newContext(), grid.url);
    expect(await page.evaluate(() => 'ml' in navigator)).toBe(true);
    await expect(page.getByTestId('trials')).toContainText('does not offer WebNN', {
      timeout: ADMITTED_MS_MAX,
    });
  } finally {
    await browser.close();
  }
});

/** WebNN whose contexts have nothing behind them: the runtime's program breaks off in them. */
function fakeHollowMl(): void {
  const value = { createContext: async () => ({}) };
  Object.defineProperty(navigator, 'ml', { value, configurable: true });
}

/** WebNN that gives a context to who asks for one, and none to who computes. */
function fakeFickleMl(): void {
  const createContext = async () => {
    if (self.name.startsWith('compute')) throw new Error('the neural engine is busy');
    return {};
  };
  Object.defineProperty(navigator, 'ml', { value: { createContext }, configurable: true });
}

for (const { fakeMl, says } of [
  { fakeMl: fakeHollowMl, says: 'its program broke off' },
  { fakeMl: fakeFickleMl, says: 'the neural engine is busy' },
]) {
  test(`a device whose WebNN fails as ${fakeMl.name} says so and computes with its processor`, async ({
    context,
  }) => {
    preludeWorkers(front, fakeMl);
    const posted = await postDigits(grid, await makeRows(4 * UNITS), 4);
    const page = await contribute(context, front.url);
    const provider = page.getByTestId('provider');
    await expect(provider).toHaveAttribute('data-provider', 'wasm', { timeout: ADMITTED_MS_MAX });
    const rows = page.getByTestId('trials').getByRole('listitem');
    await expect(rows.filter({ hasText: 'Neural engine (WebNN)' })).toContainText(says);
    await expect(rows.filter({ hasText: 'chosen' })).toContainText('Processor (WASM)');
    const job = await grid.api.finish(posted.id);
    expect(job).toMatchObject({ accepted: UNITS, mismatched: 0 });
  });
}
