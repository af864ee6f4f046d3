import { expect, type Page, test } from '@playwright/test';
import { type Grid, openGrid } from './grid.ts';

/** The narrowest phone in wide use, and no pointer at all. */
test.use({ viewport: { width: 390, height: 844 } });
let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid();
});
test.afterEach(() => grid?.close());

test('the sample job is posted and computed with the keyboard alone', async ({ browser, page }) => {
  await page.goto(grid.url);
  await expectUsable(page);
  await press(page, 'Start');
  await expect(page.getByRole('status').first()).toContainText('No work right now');
  await expectUsable(page);

  const developer = await (await browser.newContext()).newPage();
  await developer.goto(`${grid.url}/dashboard`);
  await tabTo(developer, 'Developer key');
  await developer.keyboard.type(grid.key);
  await developer.keyboard.press('Enter');
  await expect(developer.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  await expectUsable(developer);
  await press(developer, 'Post the sample job');
  await press(developer, 'Start the job');
  await expect(developer.getByRole('button', { name: '↓ NPY' })).toBeEnabled();
  await expectUsable(developer);

  await offerInstall(page);
  await press(page, 'Add to the home screen');
  await expect(page.getByTestId('install')).toBeHidden();
  expect(await page.evaluate('asked')).toBe(1);
  await offerInstall(page);
  await press(page, 'No, thank you');
  await expect(page.getByTestId('install')).toBeHidden();

  await press(page, 'Stop');
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeVisible();
  await developer.context().close();
});

/** No browser that is driven asks by itself: the event that it would send. */
const offerInstall = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const state = globalThis as { asked?: number };
    const prompt = async () => {
      state.asked = (state.asked ?? 0) + 1;
    };
    dispatchEvent(Object.assign(new Event('beforeinstallprompt'), { prompt }));
  });

/** Goes from control to control, as the Tab key does, until the one of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const control = page
    .getByRole('button', { name, exact: true })
    .or(page.getByLabel(name, { exact: true }));
  await expect(control.first()).toBeEnabled();
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    if (await control.first().evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`forty presses of Tab do not reach ${name}`);
}

async function press(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

/** Every control has a name for a screen reader, and nothing is wider than the phone. */
async function expectUsable(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const nameless = nodes.filter(
    ({ ignored, role, name, properties }) =>
      !ignored &&
      role?.value !== 'RootWebArea' &&
      role?.value !== 'main' &&
      properties?.some((property) => property.name === 'focusable') &&
      !name?.value,
  );
  expect(nameless).toEqual([]);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
}
