import { expect, type Page, test, type Worker } from '@playwright/test';
import { contribute, expectMore, show } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

/** Ten seconds of silence, a second of waiting, and a new worker's first shards, on a busy machine. */
const AGAIN_MS = 60_000;
const ITEMS = 400_000;

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ hub: ['--checks', 'flat:0.01'], verifier: ['--checks', 'flat:0.01'] });
  await postDigits(grid, await makeRows(ITEMS), 4);
});
test.afterEach(() => grid?.close());

test('workers that end without a word or throw are replaced, and the page computes on', async ({
  context,
}) => {
  const page = await contribute(context, grid.url);
  await expectMore(page);
  await (await findWorker(page, /compute-wasm/)).evaluate(() => self.close());
  await expectMore(page);
  await (await findWorker(page, /main-/)).evaluate(() => self.close());
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'restarting', {
    timeout: AGAIN_MS,
  });
  await expectMore(page);
  await (await findWorker(page, /main-/)).evaluate(() => {
    setTimeout(() => {
      throw new Error('boom');
    });
  });
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'restarting');
  await expect(page.getByText('boom')).toBeVisible();
  await expectMore(page);
  await expect(page.getByText('The grid turned this device down')).toHaveCount(0);
});

test('a browser whose database lacks its store computes, and says that nothing is kept', async ({
  context,
}) => {
  const first = await context.newPage();
  await first.goto(grid.url);
  await first.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('pocketgrid-device', 1);
        opening.onsuccess = () => resolve(opening.result.close());
      }),
  );
  await first.close();
  const page = await contribute(context, grid.url);
  await expectMore(page);
  await expect(page.getByTestId('unkept')).toBeVisible();
  // The model and its mark: known answers hold a developer's inputs and lie on no disk.
  const names = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const found: string[] = [];
    for await (const name of (await root.getDirectoryHandle('blobs')).keys()) found.push(name);
    return found;
  });
  expect(names.toSorted().map((name) => name.slice(64))).toEqual(['', '.ok']);
});

test('two tabs of one browser compute in turn, and one that is looked at comes first', async ({
  context,
}) => {
  const first = await contribute(context, grid.url);
  await expectMore(first);
  const second = await contribute(context, grid.url);
  await expect(second.getByTestId('reason')).toContainText('Another page');
  await expectMore(first);
  await second.getByTestId('stop').click();
  await second.getByTestId('start').click();
  await expect(second.getByTestId('reason')).toContainText('Another page');
  await first.getByTestId('stop').click();
  await expectMore(second);
  await first.getByTestId('start').click();
  await expect(first.getByTestId('reason')).toContainText('Another page');
  // Somebody goes from the second tab to the first.
  await show(second, false);
  await show(first, true);
  await expectMore(first);
  await expect(second.getByTestId('phase')).toHaveAttribute('data-phase', 'hidden');
  await first.close();
  await show(second, true);
  await expectMore(second);
});

/** The newest of a page's workers by the name of its program. */
async function findWorker(page: Page, name: RegExp): Promise<Worker> {
  const worker = page.workers().findLast((each) => name.test(each.url()));
  if (worker === undefined) throw new Error(`the page has no worker ${name}`);
  return worker;
}
