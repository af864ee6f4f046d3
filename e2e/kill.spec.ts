import { expect, test } from '@playwright/test';
import { makeRows, postDigits, runBare } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid();
});
test.afterEach(() => grid?.close());

test('kill -9 of the hub in the middle loses nothing that it acknowledged', async () => {
  const [rows, unitItems] = [await makeRows(32_000), 8];
  const worker = grid.contribute('steady');
  await worker.line(/^idle/);
  const posted = await postDigits(grid, rows, unitItems);
  await grid.api.reach(posted.id, 1_000);

  await grid.killHub();
  await worker.line(/^waiting: .*trying again/);
  const told = countAccepted(worker.lines);
  await grid.restartHub();

  const restarted = await grid.api.read(posted.id);
  expect(restarted.state).toBe('running');
  expect(told).toBeGreaterThan(0);
  expect(restarted.accepted).toBeGreaterThanOrEqual(told);

  const job = await grid.api.finish(posted.id);
  expect(job).toMatchObject({ accepted: 4_000, units: 4_000, mismatched: 0 });
  const verdicts = await grid.api.verdicts(job.id);
  expect(verdicts.length).toBe(job.checked);
  expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(new Set(['match']));
  // Each unit is counted to the one contributor at most once, before and after the restart.
  expect(countAccepted(worker.lines)).toBeLessThanOrEqual(job.units);
  const bare = await runBare(grid, rows, unitItems);
  expect((await grid.api.results(job.id)).equals(bare)).toBe(true);
});

/** The newest count in a contributor's lines: what the hub told it is accepted, on disk. */
function countAccepted(lines: readonly string[]): number {
  const counts = lines.flatMap((line) => /^accepted (\d+) units/.exec(line)?.[1] ?? []);
  return Number(counts.at(-1) ?? 0);
}
