import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

test.use({ viewport: { width: 390, height: 844 } });
const checks = ['--checks', 'flat:0.05'];
let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
});
test.afterEach(() => grid?.close());

test('a person gives a device a public name and a team, sees both, and takes them back', async ({
  context,
}) => {
  const page = await contribute(context, grid.url);
  await postDigits(grid, await makeRows(20_000), 4);
  await expect(page.getByTestId('accepted')).not.toHaveText('0', { timeout: 60_000 });
  await page.getByText('What this device did').click();
  const form = page.getByRole('form', { name: 'Public profile' });
  await form.getByLabel('Name').fill('Operator');
  await form.getByRole('button', { name: 'Show it' }).click();
  await expect(form).toContainText('is taken, or looks like a name that is');
  await form.getByLabel('Name').fill('Ann of the Hills');
  await form.getByLabel('Team').fill('Red Team');
  await form.getByRole('button', { name: 'Show it' }).click();
  await expect(form.getByRole('button', { name: 'Remove it' })).toBeVisible();
  await form.getByRole('link', { name: 'your profile' }).click();
  await expect(page.getByRole('heading', { name: 'Ann of the Hills' })).toBeVisible();
  await expect(page.getByTestId('profile')).toContainText('Red Team');
  await expectAccessible(page);
  const address = page.url();
  await page.getByRole('link', { name: 'All teams' }).click();
  await expect(page.getByTestId('teams')).toContainText('1 contributor');
  await expectAccessible(page);
  await page.goto(grid.url);
  await page.getByText('What this device did').click();
  await expect(form.getByLabel('Name')).toHaveValue('Ann of the Hills');
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Remove it' }).click();
  await expect(form.getByRole('button', { name: 'Remove it' })).toHaveCount(0);
  await expect(form.getByLabel('Name')).toHaveValue('');
  await page.goto(address);
  await expect(page.getByTestId('profile')).toContainText('chose no public name');
  await page.goto(`${grid.url}/teams`);
  await expect(page.getByTestId('teams')).toContainText('Nobody has chosen a team yet.');
  // With the key goes the name: later nobody could take it back.
  await page.goto(grid.url);
  await page.getByText('What this device did').click();
  await form.getByLabel('Name').fill('Bob');
  await form.getByRole('button', { name: 'Show it' }).click();
  await expect(form.getByRole('button', { name: 'Remove it' })).toBeVisible();
  await page.getByRole('button', { name: 'Delete all that is kept here…' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await expect(page.getByText('What this device did')).toHaveCount(0);
  await page.goto(address);
  await expect(page.getByTestId('profile')).toContainText('chose no public name');
});
