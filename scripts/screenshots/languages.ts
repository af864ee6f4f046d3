import type { Page } from 'playwright-core';
import type { View } from './views.ts';

const LANGUAGES = ['en', 'de'] as const;
const SETTLE_MS = 500;

/** What is looked at in each language: where, and what is opened there. */
const SCENES: readonly { scene: string; path: string; open?: (page: Page) => Promise<void> }[] = [
  { scene: 'first', path: '/' },
  { scene: 'settings', path: '/', open: (page) => unfold(page, 'settings') },
  { scene: 'history', path: '/', open: (page) => unfold(page, 'history') },
  { scene: 'privacy', path: '/privacy' },
  { scene: 'teams', path: '/teams' },
  { scene: 'jobs', path: '/dashboard' },
  { scene: 'models', path: '/dashboard/models' },
  { scene: 'keys', path: '/dashboard/keys' },
  { scene: 'log', path: '/verdicts' },
  { scene: 'periods', path: '/settlements' },
];

/** Takes the same pictures in each language of the page. */
export async function shootLanguages(
  views: readonly View[],
  shoot: (scene: string) => Promise<void>,
): Promise<void> {
  for (const language of LANGUAGES) {
    for (const { page } of views) await page.getByTestId('language').selectOption(language);
    for (const { scene, path, open } of SCENES) {
      for (const { page } of views) {
        await page.goto(path);
        await page.locator('#main').waitFor();
        await open?.(page);
        await page.waitForTimeout(SETTLE_MS);
      }
      await shoot(`${language}-${scene}`);
    }
  }
  for (const { page } of views) await page.getByTestId('language').selectOption('en');
}

async function unfold(page: Page, panel: 'settings' | 'history'): Promise<void> {
  const details = page.getByTestId(panel);
  await details.locator('summary').first().click();
  await details.evaluate((element) => element.scrollIntoView());
}
