import { expect, test } from '@playwright/test';
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
