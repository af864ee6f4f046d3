import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

const checks = ['--checks', 'flat:0.05'];
let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
});
test.afterEach(() => grid?.close());

/** Languages whose sentences a page has asked for, by the marks of their first catalogues. */
function watchCatalogues(page: Page): Set<string> {
  const seen = new Set<string>();
  page.on('response', async (response) => {
    if (!/\/assets\/first-.*\.js$/.test(response.url())) return;
    const text = await response.text();
    if (text.includes('Nichts läuft')) seen.add('de');
    if (text.includes('Nothing runs')) seen.add('en');
  });
  return seen;
}

const language = (page: Page) =>
  page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]);

test.describe('a German browser', () => {
  test.use({ locale: 'de-AT', viewport: { width: 390, height: 844 } });

  test('is spoken to in German, computes, and keeps a language that is chosen', async ({
    page,
  }) => {
    const catalogues = watchCatalogues(page);
    await page.goto(grid.url);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(
      'Schenk der KI die freien Sekunden deines Handys.',
    );
    expect(await language(page)).toEqual(['de', 'ltr']);
    await expect(page).toHaveTitle(/freien Sekunden/);
    await expectAccessible(page);
    expect([...catalogues]).toEqual(['de']);

    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await expect(page.getByTestId('reason')).toContainText(/gerade hat niemand|Hub|Worker/i);
    await postDigits(grid, await makeRows(20_000), 4);
    await expect(page.getByTestId('accepted')).not.toHaveText('0', { timeout: 90_000 });
    await expect(page.getByText('Einheiten angenommen')).toBeVisible();
    await page.getByText('Einstellungen', { exact: true }).click();
    await expect(page.getByText('Wie viel darf es arbeiten?')).toBeVisible();
    await expectAccessible(page);

    // A switch takes no work away.
    await page.getByTestId('language').selectOption('en');
    await expect(page.getByText('units accepted')).toBeVisible();
    await expect(page.getByText('How hard may it work?')).toBeVisible();
    await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', /working|idle/);
    expect(await language(page)).toEqual(['en', 'ltr']);
    await page.reload();
    await expect(
      page.getByRole('button', { name: 'Settings' }).or(page.getByText('Settings')),
    ).toBeVisible();
    expect(await language(page)).toEqual(['en', 'ltr']);
  });

  test('has the pages for developers in German', async ({ page }) => {
    await page.goto(`${grid.url}/dashboard#key=${grid.key}`);
    await expect(page.getByRole('heading', { name: 'Aufträge' })).toBeVisible();
    await expect(page).toHaveTitle('Dashboard · Pocketgrid');
    await expectAccessible(page);
    await page.getByTestId('post-sample').click();
    await expect(page.getByTestId('state')).toHaveText('Angebot liegt vor', { timeout: 60_000 });
    await expect(page.getByTestId('quote')).toContainText(/1\s797 Elemente/);
    await expectAccessible(page);
    await page.goto(`${grid.url}/verdicts`);
    await expect(page.getByRole('heading', { name: 'Urteile' })).toBeVisible();
    await page.goto(`${grid.url}/privacy`);
    await expect(page).toHaveTitle('Datenschutz · Pocketgrid');
    await expectAccessible(page);
  });
});

test.describe('a browser of another language', () => {
  test.use({ locale: 'fr-FR', viewport: { width: 390, height: 844 } });

  test('is spoken to in English, and written from right to left nothing leaves the screen', async ({
    page,
  }) => {
    for (const path of [
      '/',
      `/dashboard#key=${grid.key}`,
      '/verdicts',
      '/settlements',
      '/privacy',
    ]) {
      await page.goto(`${grid.url}${path}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await language(page)).toEqual(['en', 'ltr']);
      await page.evaluate(() => {
        document.documentElement.dir = 'rtl';
      });
      const { scrollWidth, clientWidth, start } = await page.evaluate(() => ({
        ...{ scrollWidth: document.documentElement.scrollWidth },
        clientWidth: document.documentElement.clientWidth,
        start: document.querySelector('h1')?.getBoundingClientRect().right ?? 0,
      }));
      expect(scrollWidth, path).toBeLessThanOrEqual(clientWidth);
      expect(start, path).toBeGreaterThan(clientWidth / 2);
    }
  });
});
