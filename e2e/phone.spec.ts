import { type CDPSession, expect, type Page, test } from '@playwright/test';
import { contribute, expectMore, show } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

/** A slow phone: four times slower than this machine, with a screen that is touched. */
test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
const SLOWER = 4;
const QUOTA_BYTES = 100_000;
const FROZEN_MS = 3_000;
const ITEMS = 200_000;
const checks = ['--checks', 'flat:0.02'];

let grid: Grid;
test.beforeAll(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
  await postDigits(grid, await makeRows(ITEMS), 4);
});
test.afterAll(() => grid?.close());

test('a phone gives back what it holds while its page is out of sight, and goes on after', async ({
  context,
}) => {
  const { page, session } = await openPhone(await contribute(context, grid.url));
  await expectMore(page);
  await show(page, false);
  await expectPhase(page, 'hidden');
  await expect.poll(() => heldUnits()).toBe(0);
  await show(page, true);
  await expectMore(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await page.waitForTimeout(FROZEN_MS);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await expectMore(page);
});

test('a phone whose storage is full computes all the same', async ({ context }) => {
  const { page, session } = await openPhone(await context.newPage());
  await session.send('Storage.overrideQuotaForOrigin', {
    origin: new URL(grid.url).origin,
    quotaSize: QUOTA_BYTES,
  });
  await page.goto(grid.url);
  await page.getByRole('button', { name: 'Start', exact: true }).tap();
  await expectMore(page);
});

async function openPhone(page: Page): Promise<{ page: Page; session: CDPSession }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  return { page, session };
}

/** Units that are lent to anybody now. */
async function heldUnits(): Promise<number> {
  const headers = { Authorization: `Bearer ${grid.key}` };
  const answer = await fetch(new URL('/v1/jobs', grid.url), { headers });
  const { jobs } = (await answer.json()) as { jobs: { leased: number }[] };
  return jobs.reduce((sum, { leased }) => sum + leased, 0);
}

const expectPhase = (page: Page, phase: string) =>
  expect(page.getByTestId('phase')).toHaveAttribute('data-phase', phase);
