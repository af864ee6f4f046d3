import type { Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import type { BenchContext } from './figure.ts';
import type { BenchPage } from './page/main.ts';
import { openStaticServer } from './static-server.ts';

/** `bench/page/`, opened afresh for each call: how many threads the runtime has is fixed at first use. */
export type BenchPages = BenchPage;

/** A Chromium on the bench's own page; generated models are under `/models/`. */
export async function openBenchPages(context: BenchContext): Promise<BenchPages> {
  const server = await openStaticServer(
    {
      '/': 'bench/page',
      '/bench/page/': 'bench/page',
      '/ort/': 'node_modules/onnxruntime-web/dist',
      '/models/': context.folder,
      '/sample/': 'public/sample',
    },
    context,
  );
  const browser = await openBrowser(context);
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
    runOnce: (task) => inPage((page) => page.evaluate((each) => bench.runOnce(each), task)),
    runLoop: (task) => inPage((page) => page.evaluate((each) => bench.runLoop(each), task)),
  };
}

/** In the page: put there by `bench/page/main.ts`. */
declare const bench: BenchPage;
