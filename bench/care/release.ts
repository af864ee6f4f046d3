import type { Page, Worker } from 'playwright-core';
import { WORK_MS_MAX } from './visit.ts';

const RELEASE_MS_MAX = 10_000;

/**
 * Time from a page's `hidden` until its compute worker has ended and with it what it took of the
 * processor and of memory. Headless browsers hide no page by themselves, so it is told so.
 */
export async function measureRelease(page: Page): Promise<number> {
  const engine = await findEngine(page);
  const ended = engine.waitForEvent('close', { timeout: RELEASE_MS_MAX });
  const startedAt = performance.now();
  await setVisible(page, false);
  await ended;
  const releaseMs = performance.now() - startedAt;
  await setVisible(page, true);
  return releaseMs;
}

async function findEngine(page: Page): Promise<Worker> {
  const isEngine = (worker: Worker) => /compute-/.test(worker.url());
  await page
    .locator('[data-testid=phase][data-phase=working]')
    .waitFor({ timeout: WORK_MS_MAX, state: 'attached' });
  const engine = page.workers().find(isEngine);
  return engine ?? page.waitForEvent('worker', { predicate: isEngine, timeout: WORK_MS_MAX });
}

const setVisible = (page: Page, visible: boolean): Promise<void> =>
  page.evaluate((isVisible) => {
    const value = isVisible ? 'visible' : 'hidden';
    Object.defineProperty(document, 'visibilityState', { configurable: true, value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visible);
