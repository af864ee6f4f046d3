import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { makeRows, postDigits, runBare } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

let grid: Grid;
test.beforeAll(async () => {
  grid = await openGrid({ verifier: ['--checks', 'flat:0.02'] });
  await grid.contribute('honest').line(/^idle/);
});
test.afterAll(() => grid?.close());

test('results are held until an exit check has passed, and are right', async () => {
  const [rows, unitItems] = [await makeRows(4_000), 8];
  const posted = await postDigits(grid, rows, { unitItems, assurance: 'settled' });
  await grid.api.reach(posted.id, 1);
  await expect(grid.api.results(posted.id)).rejects.toThrow(/results-held/);

  const job = await grid.api.finish(posted.id);
  expect(job).toMatchObject({ accepted: 500, released: 500, mismatched: 0 });
  // About a fifth is judged in the end: 2 % by the draw, the rest by the audit.
  expect(job.checked).toBeGreaterThan(50);
  expect(job.checked).toBeLessThan(180);
  const bare = await runBare(grid, rows, unitItems);
  expect((await grid.api.results(job.id)).equals(bare)).toBe(true);
});

test('a job of full assurance has a verdict for every unit', async () => {
  const [rows, unitItems] = [await makeRows(800), 8];
  const posted = await postDigits(grid, rows, { unitItems, assurance: 'full' });
  const job = await grid.api.finish(posted.id);
  expect(job).toMatchObject({ released: 100, checked: 100, mismatched: 0 });
  const units = (await grid.api.verdicts(job.id)).map(({ unit }) => unit);
  expect(new Set(units).size).toBe(100);
});

test('a job that is done, the verdicts and the settlements can be used by everybody', async ({
  page,
}) => {
  const [rows, unitItems] = [await makeRows(80), 8];
  const { id } = await postDigits(grid, rows, { unitItems, assurance: 'full' });
  await grid.api.finish(id);
  await page.goto(`${grid.url}/dashboard/${id}#key=${grid.key}`);
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'done');
  await expect(page.getByTestId('receipts')).toBeVisible();
  await expectAccessible(page);
  await page.goto(`${grid.url}/verdicts`);
  // The newest is at the top.
  const shown = grid.api.verdicts(id).then((all) => all.length);
  await expect(page.getByTestId('verdict-row').first()).toBeVisible();
  expect(await shown).toBe(10);
  await expectAccessible(page);
  await page.goto(`${grid.url}/settlements`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expectAccessible(page);
});
