import type { BrowserContext, Page } from 'playwright-core';
import type { BenchContext } from './figure.ts';
import type { BenchPage } from './page/main.ts';
import { openStaticServer } from './static-server.ts';

/**
 * `bench/page/`, opened afresh for each call: how many threads the runtime has is fixed at first
 * use.
 */
export type BenchPages = BenchPage;

/** What the bench's own pages are made of, by URL prefix; generated models are under `/models/`. */
export const pageFolders = ({ folder }: BenchContext): Record<string, string> => ({
  '/': 'bench/page',
  '/bench/page/': 'bench/page',
  '/ort/': 'node_modules/onnxruntime-web/dist',
  '/models/': folder,
  '/sample/': 'public/sample',
});

/** Calls into the bench's own page in this Chromium. */
export async function openBenchPages(
  context: BenchContext,
  browser: BrowserContext,
): Promise<BenchPages> {
  const server = await openStaticServer(pageFolders(context), context);
  const inPage = async <T>(act: (page: Page) => Promise<T>): Promise<T> => {
    const page = await browser.newPage();
    try {
      await page.goto(server.url);
      await page.waitForFunction(() => 'bench' in globalThis);
      return await act(page);
    } finally {
      await page.close();
    }
  };
  return {
    runUnits: (task) => inPage((page) => page.evaluate((each) => bench.runUnits(each), task)),
    nameAdapter: () => inPage((page) => page.evaluate(() => bench.nameAdapter())),
    runLoop: (task) => inPage((page) => page.evaluate((each) => bench.runLoop(each), task)),
  };
}

/** In the page: put there by `bench/page/main.ts`. */
declare const bench: BenchPage;
