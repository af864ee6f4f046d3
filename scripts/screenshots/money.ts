import type { Page } from 'playwright-core';
import { startJob } from '#client/jobs.ts';
import { must } from '#protocol/values/refusal.ts';
import type { Lamports } from '#protocol/values/units.ts';
import type { Grid } from '../start/grid.ts';
import { postDigits, reachState } from './digits.ts';
import type { View } from './views.ts';

/**
 * Enough for two browsers to have earned something when the trial and what is held are taken off.
 */
const PRICED = {
  name: 'Digits, paid by the unit',
  rows: 51_200,
  unitItems: 8,
  unitPrice: '20000' as Lamports,
};

/** Takes pictures of the scene that the views show now. */
type Shoot = (scene: string) => Promise<void>;

/**
 * The way of money through the pages: deposit, earnings, claim, settlements, what is left of the
 * budget.
 */
export async function shootMoney(grid: Grid, views: readonly View[], shoot: Shoot): Promise<void> {
  const job = await postDigits(grid, PRICED);
  await each(views, async (page) => {
    await page.goto(`/dashboard/${job}`);
    await page.getByTestId('make-wallet').click();
    await page.getByTestId('deposit-plan').waitFor();
    await showTop(page, 'deposit');
  });
  await shoot('job-deposit');
  const payer = views.at(-1)?.page;
  await payer?.getByTestId('make-deposit').click();
  await payer?.getByTestId('start-job').waitFor();

  // All are at work before the job begins, so that it is shared.
  await each(views, async (page) => {
    await page.goto('/');
    await page.getByTestId('start').click();
    await page.locator('[data-testid=phase][data-phase=idle]').waitFor();
  });
  must(await startJob(grid.api, job));
  await each(views, async (page) => {
    await page.getByTestId('link-wallet').click();
    await page.getByTestId('payout').waitFor();
  });
  await reachState(grid, job, 'done');
  await each(views, async (page) => {
    await page.getByTestId('claim-plan').waitFor();
    await page.getByTestId('earning-held').locator('summary').click();
    await showTop(page, 'earnings');
  });
  await shoot('earnings');
  await each(views, async (page) => {
    await page.getByTestId('claim').click();
    await page.getByTestId('claimed').waitFor();
    await page.getByTestId('claimed').evaluate((element) => element.scrollIntoView());
  });
  await shoot('earnings-claimed');
  await each(views, (page) => page.getByTestId('stop').click());

  await each(views, async (page) => {
    await page.goto('/settlements');
    await page.getByTestId('recompute').first().click();
    await page.getByTestId('recomputed').first().waitFor();
  });
  await shoot('settlements');
  await each(views, async (page) => {
    await page.goto(`/dashboard/${job}`);
    await page.getByTestId('refund-step').waitFor();
    await showTop(page, 'budget');
  });
  await shoot('job-money');
}

const each = (views: readonly View[], act: (page: Page) => Promise<void>): Promise<unknown> =>
  Promise.all(views.map(({ page }) => act(page)));

const showTop = (page: Page, id: string): Promise<void> =>
  page.getByTestId(id).evaluate((element) => element.scrollIntoView());
