import { expect, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid();
});
test.afterEach(() => grid?.close());

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
      timeout: 90_000,
    });
  } finally {
    await browser.close();
  }
});
