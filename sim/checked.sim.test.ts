import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runJobsInARow, tabulateJobs } from './checked.ts';

test('devices that worked for one job are checked less in the next, on whatever model', () => {
  const shares = runJobsInARow({ jobs: 6, unitsEach: 300, models: 3, devices: 2 });
  const [first = 0, , , , , last = 1] = shares;
  expect(first).toBeGreaterThan(0.7);
  expect(last).toBeLessThan(0.25);
});

test('the page of verification has the table that the policy gives', async () => {
  expect(await readFile('docs/verification.md', 'utf8')).toContain(tabulateJobs());
});
