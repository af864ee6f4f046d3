import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { contribute } from './browser.ts';
import { makeRows, readModel } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

test.use({ viewport: { width: 390, height: 844 } });
const checks = ['--checks', 'flat:0.05'];
let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
});
test.afterEach(() => grid?.close());

/** Posts so many digits, with what contributors are told of them. */
async function post(count: number, purpose: string) {
  const [model, inputs] = [await readModel(), await makeRows(count)];
  const how = { name: 'Digits', unitItems: 4, assurance: 'instant' } as const;
  return grid.api.post({ model, inputs, options: { ...how, purpose, category: 'vision' } });
}

const button = (page: Page, name: string) => page.getByRole('button', { name });

test('a person reads what a job is for, blocks it, and takes that back in the settings', async ({
  browser,
}) => {
  const context = await browser.newContext();
  const page = await contribute(context, grid.url);
  const purpose = 'Reads the numbers of old letters';
  const job = await post(60_000, purpose);
  await expect(page.getByTestId('purpose')).toHaveText(`${purpose}.`, { timeout: 60_000 });
  await expect(page.getByTestId('posted-by')).toHaveText('the operator');
  await expect(page.getByTestId('accepted')).not.toHaveText('0', { timeout: 60_000 });
  await page.getByText('I do not want this').click();
  await expectAccessible(page);
  await button(page, 'Block this job').click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'idle');
  await expect(page.getByTestId('reason')).toContainText('of what you have blocked');
  await expect(page.getByTestId('about-job')).toHaveCount(0);
  const { accepted } = await grid.api.read(job.id);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByText('What it works for').click();
  await expect(page.getByTestId(`blocked-${job.id}`)).toContainText('“Digits”');
  await expectAccessible(page);
  // It holds for later visits.
  await page.reload();
  await button(page, 'Start').click();
  await expect(page.getByTestId('reason')).toContainText('of what you have blocked');
  expect((await grid.api.read(job.id)).accepted).toBe(accepted);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByText('What it works for').click();
  await button(page, 'Allow again').click();
  await expect(page.getByText('No job and nobody is blocked.')).toBeVisible();
  await grid.api.reach(job.id, accepted + 1);
  await context.close();
});

test('a contributor of a terminal prints what a job is for, and leaves blocked kinds alone', async () => {
  const taker = grid.contribute('taker');
  const leaver = grid.contribute('leaver', '--block', 'vision');
  const job = await post(2_000, 'Reads numbers');
  const line = await taker.line(/^for job_/);
  expect(line).toContain(`for ${job.id}: Reads numbers (vision; posted by the operator, dev_`);
  await leaver.line(/of what you have blocked/);
  await grid.api.finish(job.id);
  expect(leaver.lines.filter((said) => said.startsWith('accepted'))).toEqual([]);
});
