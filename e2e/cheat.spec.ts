import { expect, test } from '@playwright/test';
import { makeRows, postDigits, runBare } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid();
});
test.afterEach(() => grid?.close());

test('a contributor that falsifies a fifth of its units is caught and the results are right', async () => {
  const [rows, unitItems] = [await makeRows(16_800), 8];
  const honest = grid.contribute('honest');
  const cheat = grid.contribute('cheat', '--cheat', '0.2');
  const liar = (await cheat.line(/^device /)).slice('device '.length);
  await honest.line(/^idle/);
  await cheat.line(/^idle/);

  const posted = await postDigits(grid, rows, unitItems);
  await cheat.line(/^refused: unit \d+ of lease \w+ did not match/);
  const job = await grid.api.finish(posted.id);

  expect(job).toMatchObject({ accepted: 2_100, units: 2_100 });
  expect(job.mismatched).toBeGreaterThan(0);
  expect(job.requeued).toBeGreaterThan(0);
  const mismatches = (await grid.api.verdicts(job.id)).filter(({ kind }) => kind === 'mismatch');
  expect(mismatches.length).toBeGreaterThan(0);
  for (const verdict of mismatches) {
    expect(verdict).toMatchObject({ device: liar, lane: 'exact' });
  }
  expect((await grid.api.devices()).map(({ key }) => key)).not.toContain(liar);
  const bare = await runBare(grid, rows, unitItems);
  expect((await grid.api.results(job.id)).equals(bare)).toBe(true);
});
