import { type Browser, expect, type Page, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { openChain } from './chain.ts';
import { makeRows, readModel } from './digits.ts';
import { installFakeWallet } from './fake-wallet.ts';
import { type Grid, openGrid } from './grid.ts';

/** 400 units: the trial's earn nothing, and of all, 2.966 % are held until the money is closed. */
const UNITS = 400;
const TRIAL = 75;
const HELD = 12;
const UNIT_ITEMS = 8;
const UNIT_PRICE = 20_000;
const STEP_MS = 60_000;

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ chain: true, verifier: ['--settle-minutes', '0.05'] });
  await openChain(grid);
});
test.afterEach(() => grid?.close());

/** Work, three settlements and two windows, on a machine that may be busy. */
test.setTimeout(400_000);

test('deposit, work, settled period, claim, refund: through two browsers', async ({ browser }) => {
  const developer = await openDeveloper(browser);
  const job = await postAndFund(developer);
  const page = await contribute(await browser.newContext(), grid.url);
  page.setDefaultTimeout(STEP_MS);
  await developer.getByTestId('start-job').click();
  await grid.api.finish(job);

  await page.getByTestId('make-wallet').click();
  await expect(page.getByTestId('payout')).toBeVisible();
  await expectSum(page.getByTestId('amount-payable'), UNITS - TRIAL - HELD);
  await expectSum(page.getByTestId('amount-held'), HELD);
  await page.getByTestId('earning-payable').click();
  await expect(page.getByTestId('earning-payable')).toContainText(job);
  await expect(page.getByTestId('claim-plan')).toContainText('0.000005 SOL');
  await page.getByTestId('claim').click();
  await expect(page.getByTestId('claimed')).toBeVisible();
  await expectSum(page.getByTestId('amount-paid'), UNITS - TRIAL - HELD);
  await expectSum(page.getByTestId('amount-payable'), 0);
  await page.getByText('What this device did').click();
  const timeline = page.getByRole('list', { name: 'What happened' });
  await page.getByRole('button', { name: 'Show more' }).click();
  for (const line of ['Claimed', 'Earned', 'are settled']) {
    await expect(timeline).toContainText(line);
  }

  await developer.getByRole('link', { name: 'Settlements' }).click();
  const period = developer.getByTestId('settlement').filter({ hasText: 'Final' }).first();
  await period.getByTestId('recompute').click();
  await expect(period.getByTestId('recomputed')).toHaveAttribute('data-same', 'true');

  await developer.goto(new URL(`/dashboard/${job}`, grid.url).href);
  await developer.getByRole('button', { name: 'Connect Fake' }).click();
  await takeStep(developer, 'ask');
  await takeStep(developer, 'refund');
  await expectSum(developer.getByTestId('escrow-refunded'), TRIAL);
  await takeStep(developer, 'close');
  await expect(developer.getByTestId('escrow-closed')).toBeVisible();
  // What was held is free with the closing, settled before the refund, and claimed like the rest.
  await expectSum(page.getByTestId('amount-payable'), HELD);
  await page.getByTestId('claim').click();
  await expectSum(page.getByTestId('amount-paid'), UNITS - TRIAL);
});

async function openDeveloper(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  await installFakeWallet(context, 'Fake');
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  await page.goto(new URL(`/dashboard#key=${grid.key}`, grid.url).href);
  return page;
}

/** Posts a job with a price as a person does, deposits what it costs, and gives its id. */
async function postAndFund(page: Page): Promise<string> {
  const octets = { mimeType: 'application/octet-stream' };
  await page.getByTestId('file-input').setInputFiles([
    { name: 'digits.onnx', buffer: await readModel(), ...octets },
    { name: 'digits.npy', buffer: await makeRows(UNITS * UNIT_ITEMS), ...octets },
  ]);
  await page.getByText('Options', { exact: true }).click();
  await page.getByLabel('Items per unit').fill(String(UNIT_ITEMS));
  await page.getByLabel('Lamports per unit').fill(String(UNIT_PRICE));
  await page.getByTestId('post-own').click();
  await page.getByRole('button', { name: 'Connect Fake' }).click();
  await expect(page.getByTestId('deposit-plan')).toContainText('0.008 SOL');
  await page.getByTestId('make-deposit').click();
  await expectSum(page.getByTestId('escrow-held'), UNITS);
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}

/** Waits until a step can be taken, and takes it. */
async function takeStep(page: Page, step: 'ask' | 'refund' | 'close'): Promise<void> {
  const shown = page.getByTestId('refund-step');
  await expect(shown).toHaveAttribute('data-step', step, { timeout: STEP_MS });
  await page.getByTestId('take-step').click();
}

/** The exact sum stands in the title: the price of so many units. */
const expectSum = (shown: ReturnType<Page['getByTestId']>, units: number) =>
  expect(shown).toHaveAttribute(
    'title',
    `${(units * UNIT_PRICE).toLocaleString('en-US')} lamports`,
    { timeout: STEP_MS },
  );
